import type { JsonObject } from '@promontory/panels'
import { useState, type ReactNode } from 'react'
import { Segments } from '../../../parts/segments.tsx'
import { setAt } from '../data/edits.ts'
import { AnnotationForms } from './annotation-forms.tsx'
import { DashboardLinkForms } from './dashboard-link-forms.tsx'
import type { OptionField } from './option-field.ts'
import { OptionFields } from './option-fields.tsx'
import { VariableForms } from './variable-forms.tsx'

const GENERAL: readonly OptionField[] = [
  { kind: 'text', label: 'Title', path: ['title'] },
  { kind: 'text', label: 'Description', path: ['description'] },
  { kind: 'names', label: 'Tags', path: ['tags'] },
  { kind: 'text', label: 'Time zone', hint: 'browser, utc, Europe/Berlin', path: ['timezone'] },
  { kind: 'text', label: 'From', hint: 'now-6h', path: ['time', 'from'] },
  { kind: 'text', label: 'To', hint: 'now', path: ['time', 'to'] },
  { kind: 'text', label: 'Asked again every', hint: 'never; 30s', path: ['refresh'] },
  {
    kind: 'choice',
    label: 'Crosshair',
    path: ['graphTooltip'],
    fallback: 0,
    choices: [
      [0, 'Each panel alone'],
      [1, 'Shared'],
      [2, 'Shared, with tooltips'],
    ],
  },
  { kind: 'flag', label: 'Hide the time', path: ['timepicker', 'hidden'] },
]

const PARTS = [
  ['general', 'General'],
  ['variables', 'Variables'],
  ['annotations', 'Annotations'],
  ['links', 'Links'],
] as const

/** What a dashboard is called, its variables, annotation queries and links. */
export function SettingsForm({
  model,
  onModel,
}: {
  model: JsonObject
  onModel: (model: JsonObject) => void
}): ReactNode {
  const [part, setPart] = useState<(typeof PARTS)[number][0]>('general')
  const set = (key: string, value: unknown): void => onModel(setAt(model, [key], value))
  return (
    <form className="stack edit-options" onSubmit={(event) => event.preventDefault()}>
      <Segments label="Settings of" choices={PARTS} value={part} onChange={setPart} />
      {part === 'general' ? (
        <div className="form-grid">
          <OptionFields fields={GENERAL} json={model} onChange={onModel} />
        </div>
      ) : null}
      {part === 'variables' ? (
        <VariableForms templating={model['templating']} onChange={(next) => set('templating', next)} />
      ) : null}
      {part === 'annotations' ? (
        <AnnotationForms annotations={model['annotations']} onChange={(next) => set('annotations', next)} />
      ) : null}
      {part === 'links' ? (
        <DashboardLinkForms links={model['links']} onChange={(next) => set('links', next)} />
      ) : null}
    </form>
  )
}
