import { objectsOf, textOf, type JsonObject } from '@promontory/panels'
import type { ReactNode } from 'react'
import { RemoveButton } from './option-controls.tsx'
import { isAt, type OptionField } from './option-field.ts'
import { OptionFields } from './option-fields.tsx'

const isOfTags = isAt(['type'], 'dashboards')
const FIELDS: readonly OptionField[] = [
  {
    kind: 'choice',
    label: 'To',
    path: ['type'],
    fallback: 'link',
    choices: [
      ['link', 'an address'],
      ['dashboards', 'dashboards with tags'],
    ],
  },
  { kind: 'text', label: 'Title', path: ['title'] },
  { kind: 'text', label: 'Address', hint: 'https://…', path: ['url'], when: (json) => !isOfTags(json) },
  { kind: 'text', label: 'Tooltip', path: ['tooltip'], when: (json) => !isOfTags(json) },
  { kind: 'names', label: 'Tags', path: ['tags'], when: isOfTags },
  { kind: 'flag', label: 'As a menu', path: ['asDropdown'], when: isOfTags },
  { kind: 'flag', label: 'With the time', path: ['keepTime'] },
  { kind: 'flag', label: 'With the variables', path: ['includeVars'] },
  { kind: 'flag', label: 'In a new tab', path: ['targetBlank'] },
]

/** Links at the head of a dashboard. */
export function DashboardLinkForms({
  links,
  onChange,
}: {
  links: unknown
  onChange: (links: readonly JsonObject[]) => void
}): ReactNode {
  const list = objectsOf(links)
  return (
    <div className="stack">
      {list.length === 0 ? <p className="soft small">No links.</p> : null}
      {list.map((link, i) => (
        <div key={i} className="option-item" role="group" aria-label={`Link ${textOf(link['title']) ?? ''}`}>
          <div className="form-grid">
            <OptionFields
              fields={FIELDS}
              json={link}
              onChange={(next) => onChange(list.map((one, k) => (k === i ? next : one)))}
            />
          </div>
          <RemoveButton
            what={`the link ${textOf(link['title']) ?? ''}`}
            onRemove={() => onChange(list.filter((_, k) => k !== i))}
          />
        </div>
      ))}
      <div className="row">
        <button
          type="button"
          className="button"
          onClick={() => onChange([...list, { type: 'link', title: 'New link', url: '', keepTime: true }])}
        >
          Add a link
        </button>
      </div>
    </div>
  )
}
