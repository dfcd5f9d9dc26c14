import { ALL_TEXT, ALL_VALUE, type Variable, type VariableOption } from '@promontory/panels'
import { useDeferredValue, useId, useRef, useState, type ReactNode } from 'react'
import { useDashboard } from './context.ts'

/** Options listed at most; a search narrows the rest. */
const LISTED_MAX = 300

/** The variables that may be chosen. */
export function VariableBar({ errors }: { errors: Readonly<Record<string, string>> }): ReactNode {
  const { dashboard } = useDashboard()
  const shown = dashboard.variables.filter(
    ({ hide, type }) =>
      hide !== 2 && type !== 'constant' && type !== 'adhoc' && type !== 'system' && type !== 'snapshot',
  )
  const adHoc = dashboard.variables.filter(({ type, hide }) => type === 'adhoc' && hide !== 2)
  if (shown.length + adHoc.length === 0) return null
  return (
    <div className="variables" role="group" aria-label="Variables">
      {shown.map((variable) => (
        <VariableField key={variable.name} variable={variable} error={errors[variable.name]} />
      ))}
      {adHoc.map((variable) => (
        <AdHocField key={variable.name} variable={variable} />
      ))}
    </div>
  )
}

function VariableField({ variable, error }: { variable: Variable; error: string | undefined }): ReactNode {
  const { choices, options, setChoice } = useDashboard()
  const chosen = choices[variable.name] ?? variable.saved
  const label =
    variable.hide === 1 ? null : (
      <span className="variable-label" title={error}>
        {variable.label}
        {error === undefined ? '' : ' !'}
      </span>
    )
  if (variable.type === 'textbox')
    return (
      <label className="variable">
        {label}
        <TextVariable
          key={chosen[0]}
          value={chosen[0] ?? ''}
          name={variable.label}
          onApply={(text) => setChoice(variable.name, [text])}
        />
      </label>
    )
  return (
    <div className="variable">
      {label}
      <VariableSelect
        variable={variable}
        chosen={chosen}
        options={options[variable.name] ?? variable.options}
        onChange={(values) => setChoice(variable.name, values)}
      />
    </div>
  )
}

function TextVariable({
  value,
  name,
  onApply,
}: {
  value: string
  name: string
  onApply: (text: string) => void
}): ReactNode {
  const [text, setText] = useState(value)
  return (
    <input
      className="field"
      aria-label={name}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => text !== value && onApply(text)}
      onKeyDown={(event) => event.key === 'Enter' && onApply(text)}
    />
  )
}

function VariableSelect({
  variable,
  chosen,
  options,
  onChange,
}: {
  variable: Variable
  chosen: readonly string[]
  options: readonly VariableOption[]
  onChange: (values: readonly string[]) => void
}): ReactNode {
  const details = useRef<HTMLDetailsElement>(null)
  const search = useRef<HTMLInputElement>(null)
  const id = useId()
  const [text, setText] = useState('')
  const wanted = useDeferredValue(text).toLowerCase()
  const known = options.filter(({ value }) => value !== ALL_VALUE)
  const all: readonly VariableOption[] = variable.hasAll
    ? [{ text: ALL_TEXT, value: ALL_VALUE }, ...known]
    : known
  const found = wanted === '' ? all : all.filter((option) => option.text.toLowerCase().includes(wanted))
  const textOfValue = (value: string): string =>
    all.find((option) => option.value === value)?.text ?? (value === ALL_VALUE ? ALL_TEXT : value)
  const summary = chosen.length === 0 ? 'None' : chosen.map(textOfValue).join(' + ')
  const pick = (value: string): void => {
    if (!variable.isMulti) {
      details.current!.open = false
      details.current!.querySelector('summary')?.focus()
      onChange([value])
      return
    }
    if (value === ALL_VALUE) return onChange([ALL_VALUE])
    const rest = chosen.filter((one) => one !== ALL_VALUE)
    const next = rest.includes(value) ? rest.filter((one) => one !== value) : [...rest, value]
    onChange(next.length === 0 && variable.hasAll ? [ALL_VALUE] : next)
  }
  return (
    <details
      ref={details}
      className="menu variable-menu"
      onToggle={(event) => event.currentTarget.open && search.current?.focus()}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        details.current!.open = false
        details.current!.querySelector('summary')?.focus()
      }}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false
      }}
    >
      <summary className="button" aria-label={`${variable.label}: ${summary}`} title={summary}>
        {summary}
      </summary>
      <div>
        <input
          ref={search}
          className="field"
          placeholder="Search"
          aria-label={`Search ${variable.label}`}
          aria-controls={id}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => event.key === 'Enter' && found[0] !== undefined && pick(found[0].value)}
        />
        <ul id={id}>
          {found.slice(0, LISTED_MAX).map((option) => (
            <li key={option.value}>
              <button
                type="button"
                aria-pressed={chosen.includes(option.value)}
                onClick={() => pick(option.value)}
              >
                {option.text || '(empty)'}
              </button>
            </li>
          ))}
          {found.length > LISTED_MAX ? (
            <li className="soft small">and {found.length - LISTED_MAX} more: narrow the search</li>
          ) : null}
          {found.length === 0 ? <li className="soft small">Nothing found</li> : null}
        </ul>
      </div>
    </details>
  )
}

/** Filters that go into every query: `label=value`, parted by commas. */
function AdHocField({ variable }: { variable: Variable }): ReactNode {
  const { choices, setChoice } = useDashboard()
  const text = (choices[variable.name] ?? []).map((part) => part.split('|').join('')).join(', ')
  return (
    <label className="variable">
      <span className="variable-label">{variable.label}</span>
      <TextVariable
        key={text}
        value={text}
        name={`${variable.label}: filters such as job=api, path!=/`}
        onApply={(next) =>
          setChoice(
            variable.name,
            next.split(',').flatMap((part) => {
              const match = /^\s*(\w+)\s*(=~|!~|!=|=)\s*(.*?)\s*$/.exec(part)
              return match === null ? [] : [`${match[1]}|${match[2]}|${match[3]}`]
            }),
          )
        }
      />
    </label>
  )
}
