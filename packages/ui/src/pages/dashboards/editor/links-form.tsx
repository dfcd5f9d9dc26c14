import { objectsOf, textOf, without, type JsonObject } from '@promontory/panels'
import type { ReactNode } from 'react'
import { useDashboard } from '../view/context.ts'
import { FlagControl, RemoveButton, TextControl } from './option-controls.tsx'

/** Variables of links to what a value is about. */
const OF_VALUES: readonly string[] = [
  '${__value.raw}',
  '${__value.text}',
  '${__value.time}',
  '${__series.name}',
  '${__field.name}',
  '${__field.labels.instance}',
  '${__data.fields[0]}',
]
const OF_DASHBOARDS: readonly string[] = ['${__url_time_range}', '${__all_variables}', '${__from}', '${__to}']

/** Links with variables: of values (data links), or of a panel. */
export function LinksForm({
  legend,
  value,
  isOfValues,
  onChange,
}: {
  legend: string
  value: unknown
  isOfValues: boolean
  onChange: (links: readonly JsonObject[]) => void
}): ReactNode {
  const links = objectsOf(value)
  const { dashboard } = useDashboard()
  const variables = [
    ...(isOfValues ? OF_VALUES : []),
    ...OF_DASHBOARDS,
    ...dashboard.variables.map(({ name }) => `\${${name}}`),
  ]
  const change = (index: number, next: JsonObject): void =>
    onChange(links.map((link, i) => (i === index ? next : link)))
  return (
    <fieldset className="plain">
      <legend>{legend}</legend>
      {links.map((link, i) => (
        <div key={i} className="option-item">
          <TextControl
            label="Title"
            value={textOf(link['title']) ?? ''}
            onChange={(title) => change(i, { ...link, title })}
          />
          <TextControl
            label="Address"
            hint="/d/host?var-host=${__field.labels.instance}"
            value={textOf(link['url']) ?? ''}
            onChange={(url) => change(i, { ...link, url })}
          />
          <select
            className="field"
            aria-label="Put a variable into the address"
            value=""
            onChange={(event) =>
              change(i, { ...link, url: `${textOf(link['url']) ?? ''}${event.target.value}` })
            }
          >
            <option value="">Put in a variable…</option>
            {variables.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
          <FlagControl
            label="In a new tab"
            value={link['targetBlank'] === true}
            onChange={(isBlank) =>
              change(i, isBlank ? { ...link, targetBlank: true } : without(link, 'targetBlank'))
            }
          />
          <RemoveButton
            what={`the link ${textOf(link['title']) ?? ''}`}
            onRemove={() => onChange(links.filter((_, k) => k !== i))}
          />
        </div>
      ))}
      <button type="button" className="button" onClick={() => onChange([...links, { title: '', url: '' }])}>
        Add a link
      </button>
    </fieldset>
  )
}
