import { listOf, objectsOf, objectOf, textOf, type JsonObject } from '@promontory/panels'
import { useState, type ReactNode } from 'react'
import { setAt } from '../data/edits.ts'

/** Title, tags, time zone, shared crosshair, and the variables of a dashboard. */
export function SettingsForm({
  model,
  onModel,
}: {
  model: JsonObject
  onModel: (model: JsonObject) => void
}): ReactNode {
  const set = (path: readonly (string | number)[], value: unknown): void => onModel(setAt(model, path, value))
  const variables = objectsOf(objectOf(model['templating'])['list'])
  return (
    <form className="stack edit-options" onSubmit={(event) => event.preventDefault()}>
      <label>
        Title
        <input
          className="field"
          value={textOf(model['title']) ?? ''}
          onChange={(event) => set(['title'], event.target.value)}
        />
      </label>
      <label>
        Description
        <input
          className="field"
          value={textOf(model['description']) ?? ''}
          onChange={(event) => set(['description'], event.target.value)}
        />
      </label>
      <label>
        Tags, parted by commas
        <TagField tags={listOf(model['tags']).map(String)} onChange={(tags) => set(['tags'], tags)} />
      </label>
      <label>
        Time zone
        <input
          className="field"
          value={textOf(model['timezone']) ?? ''}
          placeholder="browser, utc, Europe/Berlin"
          onChange={(event) => set(['timezone'], event.target.value)}
        />
      </label>
      <label>
        Crosshair
        <select
          className="field"
          value={String(model['graphTooltip'] ?? 0)}
          onChange={(event) => set(['graphTooltip'], Number(event.target.value))}
        >
          <option value="0">Each panel alone</option>
          <option value="1">Shared</option>
          <option value="2">Shared, with tooltips</option>
        </select>
      </label>
      <h3>Variables</h3>
      {variables.map((variable, i) => (
        <VariableForm key={i} variable={variable} onChange={(next) => set(['templating', 'list', i], next)} />
      ))}
      <div className="row">
        <button
          type="button"
          className="button"
          onClick={() =>
            set(['templating'], {
              ...objectOf(model['templating']),
              list: [
                ...variables,
                {
                  name: `variable${variables.length + 1}`,
                  type: 'query',
                  query: '',
                  refresh: 1,
                  includeAll: false,
                  multi: false,
                  sort: 1,
                  current: {},
                },
              ],
            })
          }
        >
          Add a variable
        </button>
      </div>
    </form>
  )
}

function TagField({
  tags,
  onChange,
}: {
  tags: readonly string[]
  onChange: (tags: readonly string[]) => void
}): ReactNode {
  const [text, setText] = useState(tags.join(', '))
  return (
    <input
      className="field"
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={() =>
        onChange(
          text
            .split(',')
            .map((tag) => tag.trim())
            .filter((tag) => tag !== ''),
        )
      }
    />
  )
}

function VariableForm({
  variable,
  onChange,
}: {
  variable: JsonObject
  onChange: (next: JsonObject | undefined) => void
}): ReactNode {
  const query = variable['query']
  const text = typeof query === 'string' ? query : (textOf(objectOf(query)['query']) ?? '')
  const set = (key: string, value: unknown): void => onChange({ ...variable, [key]: value })
  return (
    <fieldset className="row" style={{ border: '1px solid var(--line)', borderRadius: 'var(--radius-s)' }}>
      <legend className="mono small">{`$${textOf(variable['name']) ?? ''}`}</legend>
      <input
        className="field"
        aria-label="Name"
        value={textOf(variable['name']) ?? ''}
        onChange={(event) => set('name', event.target.value.replace(/\W/g, ''))}
      />
      <select
        className="field"
        aria-label="Type"
        value={textOf(variable['type']) ?? 'query'}
        onChange={(event) => set('type', event.target.value)}
      >
        {['query', 'custom', 'interval', 'textbox', 'constant', 'datasource', 'adhoc'].map((type) => (
          <option key={type}>{type}</option>
        ))}
      </select>
      <input
        className="field"
        style={{ flex: 1, minWidth: '16rem' }}
        aria-label="Query"
        placeholder="label_values(up, job)"
        value={text}
        onChange={(event) =>
          set(
            'query',
            typeof query === 'string' || query === undefined
              ? event.target.value
              : { ...objectOf(query), query: event.target.value },
          )
        }
      />
      <input
        className="field"
        aria-label="Regular expression"
        placeholder="/regex/"
        value={textOf(variable['regex']) ?? ''}
        onChange={(event) => set('regex', event.target.value)}
      />
      <label className="row" style={{ display: 'flex' }}>
        <input
          type="checkbox"
          checked={variable['multi'] === true}
          onChange={(event) => set('multi', event.target.checked)}
        />{' '}
        several
      </label>
      <label className="row" style={{ display: 'flex' }}>
        <input
          type="checkbox"
          checked={variable['includeAll'] === true}
          onChange={(event) => set('includeAll', event.target.checked)}
        />{' '}
        All
      </label>
      <button type="button" className="button quiet" onClick={() => onChange(undefined)}>
        Remove
      </button>
    </fieldset>
  )
}
