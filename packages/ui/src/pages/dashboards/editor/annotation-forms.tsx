import { at, objectOf, objectsOf, textOf, type JsonObject } from '@promontory/panels'
import type { ReactNode } from 'react'
import { setAt } from '../data/edits.ts'
import { useDashboard } from '../view/context.ts'
import { ChoiceControl, FlagControl, RemoveButton, TextControl } from './option-controls.tsx'
import type { OptionField } from './option-field.ts'
import { OptionFields } from './option-fields.tsx'

const FIELDS: readonly OptionField[] = [
  { kind: 'text', label: 'Title', hint: '{{alertname}}', path: ['titleFormat'] },
  { kind: 'text', label: 'Text', hint: '{{instance}} was restarted', path: ['textFormat'] },
  { kind: 'text', label: 'Labels as tags', hint: 'job,instance', path: ['tagKeys'] },
  { kind: 'flag', label: 'The value is the time, in ms', path: ['useValueForTime'] },
]

/** The annotation queries of a dashboard: what is marked on every chart. */
export function AnnotationForms({
  annotations,
  onChange,
}: {
  annotations: unknown
  onChange: (annotations: JsonObject) => void
}): ReactNode {
  const list = objectsOf(objectOf(annotations)['list'])
  const set = (next: readonly JsonObject[]): void => onChange({ ...objectOf(annotations), list: next })
  const change = (index: number, next: JsonObject): void =>
    set(list.map((one, i) => (i === index ? next : one)))
  return (
    <div className="stack">
      {list.length === 0 ? (
        <p className="soft small">
          What people note on a chart is shown always. A query marks what it finds.
        </p>
      ) : null}
      {list.map((one, i) => (
        <div
          key={i}
          className="option-item"
          role="group"
          aria-label={`Annotation ${textOf(one['name']) ?? ''}`}
        >
          <AnnotationForm annotation={one} onChange={(next) => change(i, next)} />
          {one['builtIn'] === 1 ? null : (
            <RemoveButton
              what={`the annotation ${textOf(one['name']) ?? ''}`}
              onRemove={() => set(list.filter((_, k) => k !== i))}
            />
          )}
        </div>
      ))}
      <div className="row">
        <button
          type="button"
          className="button"
          onClick={() => set([...list, { name: 'New annotation', enable: true, iconColor: 'red', expr: '' }])}
        >
          Add an annotation query
        </button>
      </div>
    </div>
  )
}

function AnnotationForm({
  annotation,
  onChange,
}: {
  annotation: JsonObject
  onChange: (next: JsonObject) => void
}): ReactNode {
  const { sources } = useDashboard()
  const isBuiltIn = annotation['builtIn'] === 1
  // Newer dashboards hold the query in `target`, older ones beside the name.
  const path = at(annotation, 'target', 'expr') === undefined ? ['expr'] : ['target', 'expr']
  return (
    <div className="form-grid">
      <TextControl
        label="Name"
        value={textOf(annotation['name']) ?? ''}
        onChange={(name) => onChange({ ...annotation, name })}
      />
      <FlagControl
        label="Shown"
        value={annotation['enable'] !== false}
        onChange={(enable) => onChange({ ...annotation, enable })}
      />
      <OptionFields
        fields={[{ kind: 'color', label: 'Colour', path: ['iconColor'] }]}
        json={annotation}
        onChange={onChange}
      />
      {isBuiltIn ? null : (
        <>
          <ChoiceControl
            label="Data source"
            value={textOf(at(annotation, 'datasource', 'uid')) ?? ''}
            choices={[['', 'the default'], ...sources.map((one) => [one.uid, one.name] as const)]}
            onChange={(uid) =>
              onChange(
                setAt(
                  annotation,
                  ['datasource'],
                  sources
                    .filter((one) => one.uid === uid)
                    .map((one) => ({ type: one.type, uid: one.uid }))[0],
                ),
              )
            }
          />
          <div className="wide">
            <TextControl
              label="Query"
              hint="changes(process_start_time_seconds[1m]) > 0"
              value={textOf(at(annotation, ...path)) ?? ''}
              onChange={(expr) => onChange(setAt(annotation, path, expr))}
            />
          </div>
          <OptionFields fields={FIELDS} json={annotation} onChange={onChange} />
        </>
      )}
    </div>
  )
}
