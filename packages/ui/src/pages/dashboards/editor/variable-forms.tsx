import { objectOf, objectsOf, textOf, variablesOf, type JsonObject } from '@promontory/panels'
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, type ReactNode } from 'react'
import { loadOptions } from '../data/variable-options.ts'
import { useDashboard } from '../view/context.ts'
import { ChoiceControl, RemoveButton, SettledTextControl, TextControl } from './option-controls.tsx'
import { isAt, type OptionField } from './option-field.ts'
import { OptionFields } from './option-fields.tsx'

/** Values shown of a variable at most. */
const PREVIEW_MAX = 20

const TYPES = [
  ['query', 'Query'],
  ['custom', 'Custom'],
  ['interval', 'Interval'],
  ['datasource', 'Data source'],
  ['textbox', 'Text field'],
  ['constant', 'Constant'],
  ['adhoc', 'Ad hoc filters'],
] as const

/** What the query of a type means. */
const QUERY_HINTS: Readonly<Record<string, string>> = {
  query: 'label_values(up, job)',
  custom: 'a, b, text : value',
  interval: '1m,10m,1h',
  datasource: 'prometheus',
  textbox: 'what stands there at first',
  constant: 'the value',
}

const isChosen = isAt(['type'], 'query', 'custom', 'datasource')
const OPTIONS: readonly OptionField[] = [
  { kind: 'text', label: 'Regular expression', hint: '/node-(.*)/', path: ['regex'], when: isAt(['type'], 'query', 'datasource') },
  {
    kind: 'choice',
    label: 'Order',
    path: ['sort'],
    fallback: 0,
    choices: [[0, 'as it comes'], [1, 'A to Z'], [2, 'Z to A'], [3, 'numbers up'], [4, 'numbers down'], [5, 'A to Z, any case'], [6, 'Z to A, any case'], [7, 'natural'], [8, 'natural, down']],
    when: isAt(['type'], 'query'),
  },
  {
    kind: 'choice',
    label: 'Asked again',
    path: ['refresh'],
    fallback: 0,
    choices: [[1, 'when the dashboard opens'], [2, 'when the time changes'], [0, 'never']],
    when: isAt(['type'], 'query'),
  },
  { kind: 'flag', label: 'Several values', path: ['multi'], when: isChosen },
  { kind: 'flag', label: 'All', path: ['includeAll'], when: isChosen },
  { kind: 'text', label: 'All means', hint: 'every value; or .*', path: ['allValue'], when: (json) => isChosen(json) && json['includeAll'] === true },
  { kind: 'flag', label: 'Automatic step', path: ['auto'], when: isAt(['type'], 'interval') },
  { kind: 'choice', label: 'Shown', path: ['hide'], fallback: 0, choices: [[0, 'name and value'], [1, 'value'], [2, 'not at all']] },
  { kind: 'text', label: 'Description', path: ['description'] },
] // prettier-ignore

/** The variables of a dashboard: each with a look at its values. */
export function VariableForms({
  templating,
  onChange,
}: {
  templating: unknown
  onChange: (templating: JsonObject) => void
}): ReactNode {
  const variables = objectsOf(objectOf(templating)['list'])
  const set = (list: readonly JsonObject[]): void => onChange({ ...objectOf(templating), list })
  return (
    <div className="stack">
      {variables.length === 0 ? (
        <p className="soft small">No variables: they let one dashboard show any host, job or service.</p>
      ) : null}
      {variables.map((variable, i) => (
        <div
          key={i}
          className="option-item"
          role="group"
          aria-label={`Variable ${textOf(variable['name']) ?? ''}`}
        >
          <VariableForm
            variable={variable}
            onChange={(next) => set(variables.map((one, k) => (k === i ? next : one)))}
          />
          <div className="row">
            {i === 0 ? null : (
              <button
                type="button"
                className="button quiet"
                onClick={() =>
                  set(variables.map((one, k) => (k === i ? variables[i - 1]! : k === i - 1 ? variable : one)))
                }
              >
                Earlier
              </button>
            )}
            <RemoveButton
              what={`the variable ${textOf(variable['name']) ?? ''}`}
              onRemove={() => set(variables.filter((_, k) => k !== i))}
            />
          </div>
        </div>
      ))}
      <div className="row">
        <button
          type="button"
          className="button"
          onClick={() => set([...variables, newVariable(variables.length + 1)])}
        >
          Add a variable
        </button>
      </div>
    </div>
  )
}

function newVariable(number: number): JsonObject {
  return {
    name: `variable${number}`,
    type: 'query',
    query: '',
    refresh: 1,
    includeAll: false,
    multi: false,
    sort: 1,
    current: {},
  }
}

function VariableForm({
  variable,
  onChange,
}: {
  variable: JsonObject
  onChange: (next: JsonObject) => void
}): ReactNode {
  const { sources } = useDashboard()
  const type = textOf(variable['type']) ?? 'query'
  const query = variable['query']
  const text = typeof query === 'string' ? query : (textOf(objectOf(query)['query']) ?? '')
  const uid = textOf(objectOf(variable['datasource'])['uid']) ?? ''
  return (
    <div className="form-grid">
      <SettledTextControl
        label="Name"
        value={textOf(variable['name']) ?? ''}
        onChange={(name) => onChange({ ...variable, name: name.replace(/\W/g, '') })}
      />
      <TextControl
        label="Label"
        value={textOf(variable['label']) ?? ''}
        onChange={(label) => onChange({ ...variable, label })}
      />
      <ChoiceControl
        label="Type"
        value={type}
        choices={TYPES}
        onChange={(next) => onChange({ ...variable, type: next })}
      />
      {type === 'query' ? (
        <ChoiceControl
          label="Data source"
          value={uid}
          choices={[['', 'the default'], ...sources.map((one) => [one.uid, one.name] as const)]}
          onChange={(next) =>
            onChange({
              ...variable,
              datasource: sources
                .filter((one) => one.uid === next)
                .map((one) => ({ type: one.type, uid: one.uid }))[0],
            })
          }
        />
      ) : null}
      {type === 'adhoc' ? null : (
        <div className="wide">
          <TextControl
            label={type === 'query' || type === 'datasource' ? 'Query' : 'Values'}
            hint={QUERY_HINTS[type]}
            value={text}
            onChange={(next) =>
              onChange({
                ...variable,
                query:
                  typeof query === 'string' || query === undefined
                    ? next
                    : { ...objectOf(query), query: next },
              })
            }
          />
        </div>
      )}
      <OptionFields fields={OPTIONS} json={{ ...variable, type }} onChange={onChange} />
      <div className="wide">
        <ValuesPreview json={variable} />
      </div>
    </div>
  )
}

/** The values that the variable has now, with what goes wrong. */
function ValuesPreview({ json }: { json: JsonObject }): ReactNode {
  const { scope, range, sources } = useDashboard()
  const settled = useDeferredValue(json)
  const [variable] = variablesOf({ templating: { list: [settled] } })
  const isAsked = variable !== undefined && variable.type !== 'adhoc'
  const { data, error } = useQuery({
    queryKey: ['variable-preview', settled, Math.floor(range.toMs / 60_000)],
    queryFn: ({ signal }) => loadOptions({ variable: variable!, scope, range, sources, signal }),
    enabled: isAsked,
    retry: false,
    staleTime: 60_000,
  })
  if (!isAsked) return null
  if (error !== null)
    return (
      <p role="alert" className="notice bad small">
        {error.message}
      </p>
    )
  if (data === undefined) return <p className="small soft">Asking…</p>
  if (data.length === 0) return <p className="small soft">No values.</p>
  return (
    <p className="labels" aria-label="Values" role="group">
      {data.slice(0, PREVIEW_MAX).map(({ text, value }) => (
        <span key={value} className="label" title={value}>
          {text}
        </span>
      ))}
      {data.length > PREVIEW_MAX ? (
        <span className="soft small">and {data.length - PREVIEW_MAX} more</span>
      ) : null}
    </p>
  )
}
