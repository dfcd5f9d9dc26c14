import type { Field, Frame } from '../frame/frame.ts'
import { fieldDisplayName } from '../frame/field-name.ts'
import { at } from '../json.ts'
import { single, type Scope, type VariableValue } from '../variables/interpolate.ts'
import { displayText, type Display } from './display.ts'

/** A value that a link or a name is about. */
export interface LinkPlace {
  readonly field: Field
  readonly frame: Frame
  readonly frames?: readonly Frame[]
  readonly row?: number
  readonly display?: (value: unknown) => Display
}

/** `${__value.text}`, `${__field.labels.x}`, `${__data.fields["a b"]}`, `${__series.name}`, `$__cell`. */
export function dataScope(place: LinkPlace): Scope {
  return (name, path = '') => {
    const { field, frame, frames, row, display } = place
    const raw = row === undefined ? undefined : field.values[row]
    const written = display?.(raw)
    switch (name) {
      case '__value':
        return textValue(path, {
          raw,
          numeric: written === undefined || Number.isNaN(written.numeric) ? '' : written.numeric,
          text: written === undefined ? raw : displayText(written),
          time: frame.fields.find(({ type }) => type === 'time')?.values[row ?? 0],
          '': written === undefined ? raw : displayText(written),
        })
      case '__cell':
        return text(raw)
      case '__series':
        return text(fieldDisplayName(field, frame, frames))
      case '__field':
        return text(fieldPart(path, place))
      case '__data':
        return text(dataPart(path, frame, row ?? 0))
      default: {
        const cell = /^__cell_(\d+)$/.exec(name)
        return cell === null ? undefined : text(frame.fields[Number(cell[1])]?.values[row ?? 0])
      }
    }
  }
}

function textValue(path: string, parts: Readonly<Record<string, unknown>>): VariableValue {
  return text(parts[path])
}

function text(value: unknown): VariableValue {
  return single(value === null || value === undefined ? '' : String(value))
}

function fieldPart(path: string, { field, frame, frames }: LinkPlace): unknown {
  const keys = pathKeys(path)
  if (keys[0] === 'labels') return keys.length > 1 ? field.labels?.[keys[1]!] : ''
  if (keys[0] === 'displayName') return fieldDisplayName(field, frame, frames)
  return keys[0] === 'name' || keys.length === 0 ? field.name : at(field.config, ...keys)
}

function dataPart(path: string, frame: Frame, row: number): unknown {
  const keys = pathKeys(path)
  if (keys[0] === 'name') return frame.name
  if (keys[0] === 'refId') return frame.refId
  if (keys[0] !== 'fields' || keys[1] === undefined) return ''
  const wanted = keys[1]
  const field =
    frame.fields.find((one) => one.name === wanted || fieldDisplayName(one, frame) === wanted) ??
    (/^\d+$/.test(wanted) ? frame.fields[Number(wanted)] : undefined)
  return field?.values[row]
}

/** `labels.x`, `fields["a b"]`, `fields[0].text` → keys. */
function pathKeys(path: string): string[] {
  return [...path.matchAll(/\[\s*["']?([^\]"']+)["']?\s*\]|([^.[\]]+)/g)].map(
    (match) => (match[1] ?? match[2])!,
  )
}

const SAFE_SCHEMES = new Set(['http:', 'https:', 'mailto:', 'tel:', 'ftp:'])

/** The address of a link when it may be followed: of this server, or with a scheme that runs nothing. */
export function safeUrl(address: string): string | undefined {
  const trimmed = stripControls(address).trim()
  if (trimmed === '') return undefined
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(trimmed)
  if (scheme === null) return trimmed
  return SAFE_SCHEMES.has(scheme[0].toLowerCase()) ? trimmed : undefined
}

/** Browsers leave control characters out of addresses: `java\nscript:` is one that runs. */
function stripControls(text: string): string {
  return [...text].filter((char) => char.codePointAt(0)! > 31 && char.codePointAt(0) !== 127).join('')
}
