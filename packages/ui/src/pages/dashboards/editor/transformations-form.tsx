import { objectOf, objectsOf, textOf, without, type JsonObject } from '@promontory/panels'
import type { ReactNode } from 'react'
import { JsonPart } from './json-part.tsx'
import { ListControl, RemoveButton } from './option-controls.tsx'
import { OptionFields } from './option-fields.tsx'
import { GroupByForm, OrganizeForm } from './organize-form.tsx'
import { newTransformation, TRANSFORMATION_CHOICES, TRANSFORMATION_FORMS } from './transformation-options.ts'

/** What is done with the answers before they are drawn, one after the other. */
export function TransformationsForm({
  value,
  onChange,
}: {
  value: unknown
  onChange: (transformations: readonly JsonObject[]) => void
}): ReactNode {
  const list = objectsOf(value)
  const change = (index: number, next: JsonObject): void =>
    onChange(list.map((one, i) => (i === index ? next : one)))
  const swap = (index: number): void =>
    onChange(list.map((one, i) => (i === index ? list[i - 1]! : i === index - 1 ? list[index]! : one)))
  return (
    <section className="card" aria-label="Transformations">
      <div className="card-head">
        <h2 className="grow">Transformations</h2>
        <select
          className="field"
          aria-label="Add a transformation"
          value=""
          onChange={(event) => onChange([...list, newTransformation(event.target.value)])}
        >
          <option value="">Add a transformation…</option>
          {TRANSFORMATION_CHOICES.map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </div>
      {list.length === 0 ? (
        <p className="card-body soft small">
          Answers are drawn as they come. Transformations join, reduce, rename and order them.
        </p>
      ) : (
        <ol className="card-body stack edit-options">
          {list.map((one, i) => (
            <li key={i} className="option-item" data-transformation={one['id']}>
              <TransformationHead
                json={one}
                isFirst={i === 0}
                onEarlier={() => swap(i)}
                onToggle={() =>
                  change(i, one['disabled'] === true ? without(one, 'disabled') : { ...one, disabled: true })
                }
                onRemove={() => onChange(list.filter((_, k) => k !== i))}
              />
              <TransformationOptions
                id={textOf(one['id']) ?? ''}
                options={objectOf(one['options'])}
                onChange={(options) => change(i, { ...one, options })}
              />
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

function TransformationHead({
  json,
  isFirst,
  onEarlier,
  onToggle,
  onRemove,
}: {
  json: JsonObject
  isFirst: boolean
  onEarlier: () => void
  onToggle: () => void
  onRemove: () => void
}): ReactNode {
  const id = textOf(json['id']) ?? ''
  const form = TRANSFORMATION_FORMS[id]
  const isOff = json['disabled'] === true
  const name = form?.name ?? id
  return (
    <div className="row">
      <h3 className={`grow${isOff ? ' soft struck' : ''}`}>
        {name} <span className="small soft">{form?.what}</span>
      </h3>
      {isFirst ? null : (
        <button type="button" className="button quiet" aria-label={`${name} earlier`} onClick={onEarlier}>
          ↑
        </button>
      )}
      <button type="button" className="button quiet" aria-pressed={!isOff} onClick={onToggle}>
        {isOff ? 'Off' : 'On'}
      </button>
      <RemoveButton what={name} onRemove={onRemove} />
    </div>
  )
}

function TransformationOptions({
  id,
  options,
  onChange,
}: {
  id: string
  options: JsonObject
  onChange: (options: JsonObject) => void
}): ReactNode {
  if (id === 'organize') return <OrganizeForm options={options} onChange={onChange} />
  if (id === 'groupBy')
    return (
      <GroupByForm
        options={options}
        onChange={onChange}
        calculations={(label, value, set) => (
          <ListControl
            label={label}
            value={value}
            onChange={(next) => set(next as readonly string[])}
            isCalculations
          />
        )}
      />
    )
  const form = TRANSFORMATION_FORMS[id]
  if (form === undefined)
    return (
      <JsonPart title={`Options of ${id}`} value={options} onChange={(next) => onChange(objectOf(next))} />
    )
  return <OptionFields fields={form.fields} json={options} onChange={onChange} />
}
