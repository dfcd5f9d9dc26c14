import { numberOf, textOf, without, type JsonObject } from '@promontory/panels'
import type { ReactNode } from 'react'
import { emptyRow, mappingRows, mappingsOf, SPECIAL_MATCHES, type MappingKind, type MappingRow } from './mapping-rows.ts' // prettier-ignore
import {
  ChoiceControl,
  ColorControl,
  NumberControl,
  RemoveButton,
  SettledTextControl,
  TextControl,
} from './option-controls.tsx'

const KINDS: readonly (readonly [kind: MappingKind, name: string])[] = [
  ['value', 'Value'],
  ['range', 'Range'],
  ['regex', 'Pattern'],
  ['special', 'Special'],
]

/** What is shown in place of values: text and colour for a value, a range, a pattern, or nothing at all. */
export function MappingsForm({
  value,
  onChange,
}: {
  value: unknown
  onChange: (mappings: readonly JsonObject[]) => void
}): ReactNode {
  const rows = mappingRows(value)
  const set = (next: readonly MappingRow[]): void => onChange(mappingsOf(next))
  return (
    <fieldset className="plain">
      <legend>Value mappings</legend>
      {rows.map((row, i) => (
        <div key={i} className="option-item" data-mapping={row.kind}>
          <MappingMatch row={row} onChange={(next) => set(rows.map((one, k) => (k === i ? next : one)))} />
          {row.kind === 'other' ? null : (
            <MappingResult
              result={row.result}
              onChange={(result) => set(rows.map((one, k) => (k === i ? { ...row, result } : one)))}
            />
          )}
          <div className="row">
            {i === 0 ? null : (
              <button
                type="button"
                className="button quiet"
                onClick={() => set(rows.map((one, k) => (k === i ? rows[i - 1]! : k === i - 1 ? row : one)))}
              >
                Earlier
              </button>
            )}
            <RemoveButton what={`mapping ${i + 1}`} onRemove={() => set(rows.filter((_, k) => k !== i))} />
          </div>
        </div>
      ))}
      <div className="row">
        {KINDS.map(([kind, name]) => (
          <button
            key={kind}
            type="button"
            className="button"
            aria-label={`Map a ${name.toLowerCase()}`}
            onClick={() => set([...rows, emptyRow(kind, rows.length)])}
          >
            + {name}
          </button>
        ))}
      </div>
    </fieldset>
  )
}

function MappingMatch({
  row,
  onChange,
}: {
  row: MappingRow
  onChange: (row: MappingRow) => void
}): ReactNode {
  const settle = (match: string): void => onChange({ ...row, match })
  switch (row.kind) {
    case 'value':
      return <SettledTextControl label="Value" value={row.match} onChange={settle} />
    case 'regex':
      return <TextControl label="Pattern" hint="/^(.*)\\.example$/" value={row.match} onChange={settle} />
    case 'special':
      return (
        <ChoiceControl
          label="Special"
          value={row.match}
          choices={SPECIAL_MATCHES}
          onChange={(match) => settle(String(match))}
        />
      )
    case 'range':
      return (
        <div className="row list-row">
          <NumberControl
            label="From"
            hint="−∞"
            value={numberOf(row.from)}
            onChange={(from) => onChange({ ...row, from: from ?? null })}
          />
          <NumberControl
            label="To"
            hint="∞"
            value={numberOf(row.to)}
            onChange={(to) => onChange({ ...row, to: to ?? null })}
          />
        </div>
      )
    default:
      return <p className="small soft">A mapping that is kept as it is; it stands in the panel’s JSON.</p>
  }
}

function MappingResult({
  result,
  onChange,
}: {
  result: JsonObject
  onChange: (result: JsonObject) => void
}): ReactNode {
  const color = textOf(result['color'])
  return (
    <>
      <TextControl
        label="Shown as"
        value={textOf(result['text']) ?? ''}
        onChange={(text) => onChange(text === '' ? without(result, 'text') : { ...result, text })}
      />
      {color === undefined ? (
        <button
          type="button"
          className="button quiet"
          onClick={() => onChange({ ...result, color: 'green' })}
        >
          Set a colour
        </button>
      ) : (
        <div className="row">
          <ColorControl
            label="Colour"
            value={color}
            onChange={(next) => onChange({ ...result, color: next })}
          />
          <RemoveButton what="the colour" onRemove={() => onChange(without(result, 'color'))} />
        </div>
      )}
    </>
  )
}
