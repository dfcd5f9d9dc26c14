import { objectOf, textOf, without, type JsonObject } from '@promontory/panels'
import { useContext, type ReactNode } from 'react'
import { FieldNames } from './option-controls.tsx'
import { moved, organizedNames } from './organize-names.ts'

/** Columns in order, hidden or shown, each with another name if wished. */
export function OrganizeForm({
  options,
  onChange,
}: {
  options: JsonObject
  onChange: (options: JsonObject) => void
}): ReactNode {
  const names = organizedNames(useContext(FieldNames), options)
  const hidden = objectOf(options['excludeByName'])
  const renamed = objectOf(options['renameByName'])
  const setIn = (key: string, name: string, value: unknown): void =>
    onChange({
      ...options,
      [key]:
        value === undefined
          ? without(objectOf(options[key]), name)
          : { ...objectOf(options[key]), [name]: value },
    })
  if (names.length === 0) return <p className="small soft">The columns appear with the first answer.</p>
  return (
    <ol className="organize">
      {names.map((name, i) => (
        <li key={name} className="row list-row">
          <button
            type="button"
            className="button quiet icon-only"
            aria-label={`${name} earlier`}
            disabled={i === 0}
            onClick={() => onChange({ ...options, indexByName: moved(names, i) })}
          >
            ↑
          </button>
          <button
            type="button"
            className="button quiet"
            aria-pressed={hidden[name] === true}
            aria-label={`${hidden[name] === true ? 'Show' : 'Hide'} ${name}`}
            onClick={() => setIn('excludeByName', name, hidden[name] === true ? undefined : true)}
          >
            {hidden[name] === true ? 'Show' : 'Hide'}
          </button>
          <span className={`grow${hidden[name] === true ? ' soft struck' : ''}`}>{name}</span>
          <input
            className="field"
            aria-label={`Name of ${name}`}
            placeholder="Another name"
            value={textOf(renamed[name]) ?? ''}
            onChange={(event) =>
              setIn('renameByName', name, event.target.value === '' ? undefined : event.target.value)
            }
          />
        </li>
      ))}
    </ol>
  )
}

const OPERATIONS = [
  ['', 'left out'],
  ['groupby', 'group by'],
  ['aggregate', 'calculate'],
] as const

/** Of each column whether rows are grouped by it, or what is calculated of it. */
export function GroupByForm({
  options,
  onChange,
  calculations,
}: {
  options: JsonObject
  onChange: (options: JsonObject) => void
  calculations: (label: string, value: unknown, onChange: (next: readonly string[]) => void) => ReactNode
}): ReactNode {
  const fields = objectOf(options['fields'])
  const names = [...new Set([...useContext(FieldNames), ...Object.keys(fields)])]
  const set = (name: string, rule: JsonObject | undefined): void =>
    onChange({ ...options, fields: rule === undefined ? without(fields, name) : { ...fields, [name]: rule } })
  return names.map((name) => {
    const rule = objectOf(fields[name])
    const operation = textOf(rule['operation']) ?? ''
    return (
      <div key={name} className="option-item">
        <label>
          {name}
          <select
            className="field"
            value={operation}
            onChange={(event) =>
              set(
                name,
                event.target.value === ''
                  ? undefined
                  : {
                      ...rule,
                      operation: event.target.value,
                      aggregations: event.target.value === 'aggregate' ? ['lastNotNull'] : [],
                    },
              )
            }
          >
            {OPERATIONS.map(([id, text]) => (
              <option key={id} value={id}>
                {text}
              </option>
            ))}
          </select>
        </label>
        {operation === 'aggregate'
          ? calculations(`Calculations of ${name}`, rule['aggregations'], (next) =>
              set(name, { ...rule, aggregations: next }),
            )
          : null}
      </div>
    )
  })
}
