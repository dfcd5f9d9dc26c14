import {
  listOf,
  numberOf,
  REDUCERS,
  resolveColor,
  textOf,
  UNIT_TABLE,
  unitFormat,
  formattedText,
  isKnownUnit,
} from '@promontory/panels'
import { createContext, useContext, useEffect, useId, useState, type Context, type ReactNode } from 'react'
import { useDashboard } from '../view/context.ts'
import type { OptionChoice } from './option-field.ts'

/** Names of the edited panel's fields, offered wherever a field is named. */
export const FieldNames: Context<readonly string[]> = createContext<readonly string[]>([])

/** The lists that text fields of the editor offer; once per editor. */
export function OfferedLists(): ReactNode {
  return (
    <>
      <datalist id="field-names">
        {useContext(FieldNames).map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <datalist id="unit-ids">
        {UNIT_TABLE.flatMap(([category, units]) =>
          units.map(([id, name]) => <option key={id} value={id}>{`${category}: ${name}`}</option>),
        )}
      </datalist>
    </>
  )
}

interface ControlProps<T> {
  readonly label: string
  readonly value: T
  readonly onChange: (value: T) => void
}

export function TextControl({
  label,
  value,
  onChange,
  hint,
  list,
}: ControlProps<string> & { readonly hint?: string | undefined; readonly list?: string }): ReactNode {
  return (
    <label>
      {label}
      <input
        className="field"
        value={value}
        placeholder={hint}
        list={list}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  )
}

/** A text that counts once the field is left, or with Enter: a half-written one means something else. */
export function SettledTextControl({
  label,
  value,
  onChange,
  hint,
  list,
}: ControlProps<string> & { readonly hint?: string | undefined; readonly list?: string }): ReactNode {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  const settle = (): void => {
    if (text !== value) onChange(text)
  }
  return (
    <label>
      {label}
      <input
        className="field"
        value={text}
        placeholder={hint}
        list={list}
        onChange={(event) => setText(event.target.value)}
        onBlur={settle}
        onKeyDown={(event) => event.key === 'Enter' && settle()}
      />
    </label>
  )
}

/** A number; undefined when the field is empty. What is no number yet stays in the field and changes nothing. */
export function NumberControl({
  label,
  value,
  onChange,
  hint,
}: ControlProps<number | undefined> & { readonly hint?: string | undefined }): ReactNode {
  const [text, setText] = useState(value === undefined ? '' : String(value))
  useEffect(() => {
    if (numberOf(text) !== value) setText(value === undefined ? '' : String(value))
    // A number that is being written (`1.`, `-`) is left alone.
  }, [value])
  const isWrong = text.trim() !== '' && numberOf(text) === undefined
  return (
    <label>
      {label}
      <input
        className="field"
        inputMode="decimal"
        value={text}
        placeholder={hint}
        aria-invalid={isWrong}
        onChange={(event) => {
          setText(event.target.value)
          const number = numberOf(event.target.value)
          if (number !== undefined || event.target.value.trim() === '') onChange(number)
        }}
      />
    </label>
  )
}

export function FlagControl({ label, value, onChange }: ControlProps<boolean>): ReactNode {
  return (
    <label className="flag">
      <input type="checkbox" checked={value} onChange={(event) => onChange(event.target.checked)} /> {label}
    </label>
  )
}

/** One of some values. One that is stored and not among them is offered as it is. */
export function ChoiceControl({
  label,
  value,
  onChange,
  choices,
}: ControlProps<unknown> & { readonly choices: readonly OptionChoice[] }): ReactNode {
  const text = String(value ?? '')
  const known = choices.some(([id]) => String(id) === text) ? choices : [[text, text] as const, ...choices]
  return (
    <label>
      {label}
      <select
        className="field"
        value={text}
        onChange={(event) => onChange(known.find(([id]) => String(id) === event.target.value)?.[0])}
      >
        {known.map(([id, name]) => (
          <option key={String(id)} value={String(id)}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

/** Named hues first; any colour of CSS can be written. */
const HUES = ['red', 'orange', 'yellow', 'green', 'blue', 'purple'] as const
const NAMED_COLORS: readonly string[] = [
  ...HUES.flatMap((hue) => [hue, `dark-${hue}`, `semi-dark-${hue}`, `light-${hue}`, `super-light-${hue}`]),
  'text',
  'transparent',
]

export function ColorControl({ label, value, onChange }: ControlProps<string>): ReactNode {
  const drawn = resolveColor(value, useDashboard().theme)
  return (
    <div className="row color-control">
      <input
        type="color"
        aria-label={`${label}, any`}
        value={/^#[0-9a-f]{6}$/i.test(drawn) ? drawn : '#808080'}
        onChange={(event) => onChange(event.target.value)}
      />
      <select
        className="field"
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      >
        {NAMED_COLORS.includes(value) ? null : <option value={value}>{value || 'none'}</option>}
        {NAMED_COLORS.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </div>
  )
}

const UNIT_NAMES: ReadonlyMap<string, string> = new Map(
  UNIT_TABLE.flatMap(([category, units]) => units.map(([id, name]) => [id, `${category}: ${name}`])),
)
/** A number that shows a unit's size and its digits. */
const UNIT_EXAMPLE = 12_345.6

/** A unit, found by its id, name or category; beneath stands what it is called and what it writes. */
export function UnitControl({ label, value, onChange }: ControlProps<string>): ReactNode {
  const written =
    value === ''
      ? 'Search by name, such as bytes, seconds, percent; or write suffix:…'
      : isKnownUnit(value) || value.includes(':')
        ? `${UNIT_NAMES.get(value) ?? value}, as in ${formattedText(unitFormat(value)(UNIT_EXAMPLE))}`
        : 'Not a unit that is known: it is written behind the number.'
  const described = useId()
  return (
    <div className="edit-options">
      <label>
        {label}
        <input
          className="field"
          list="unit-ids"
          value={value}
          placeholder="none"
          aria-describedby={described}
          onChange={(event) => onChange(event.target.value)}
        />
      </label>
      <span id={described} className="small soft">
        {written}
      </span>
    </div>
  )
}

/** Of the percentiles the usual ones; others are kept where a panel has them. */
const CALCULATIONS: readonly OptionChoice[] = REDUCERS.filter(
  ({ id }) => !/^p\d+$/.test(id) || /^p(5|10|25|50|75|90|95|99)$/.test(id),
).map(({ id, name }) => [id, name])

export function CalculationControl({ label, value, onChange }: ControlProps<string>): ReactNode {
  return (
    <ChoiceControl
      label={label}
      value={value}
      choices={CALCULATIONS}
      onChange={(next) => onChange(String(next))}
    />
  )
}

/** A list of texts, each in a row of its own. */
export function ListControl({
  label,
  value,
  onChange,
  isCalculations = false,
}: ControlProps<unknown> & { readonly isCalculations?: boolean }): ReactNode {
  const list = (Array.isArray(value) ? listOf(value) : textOf(value) === undefined ? [] : [value]).map(String)
  const change = (index: number, next: string): void =>
    onChange(list.map((one, i) => (i === index ? next : one)))
  return (
    <fieldset className="plain">
      <legend>{label}</legend>
      {list.map((one, i) => (
        <div key={i} className="row list-row">
          {isCalculations ? (
            <select
              className="field"
              aria-label={`${label}, ${i + 1}`}
              value={one}
              onChange={(event) => change(i, event.target.value)}
            >
              {CALCULATIONS.some(([id]) => id === one) ? null : <option value={one}>{one}</option>}
              {CALCULATIONS.map(([id, name]) => (
                <option key={String(id)} value={String(id)}>
                  {name}
                </option>
              ))}
            </select>
          ) : (
            <input
              className="field"
              list="field-names"
              aria-label={`${label}, ${i + 1}`}
              value={one}
              onChange={(event) => change(i, event.target.value)}
            />
          )}
          <RemoveButton what={one} onRemove={() => onChange(list.filter((_, k) => k !== i))} />
        </div>
      ))}
      <button
        type="button"
        className="button"
        aria-label={`Add to ${label}`}
        onClick={() => onChange([...list, isCalculations ? 'mean' : ''])}
      >
        Add
      </button>
    </fieldset>
  )
}

export function RemoveButton({ what, onRemove }: { what: string; onRemove: () => void }): ReactNode {
  return (
    <button
      type="button"
      className="button quiet icon-only"
      aria-label={`Remove ${what}`}
      title="Remove"
      onClick={onRemove}
    >
      ×
    </button>
  )
}
