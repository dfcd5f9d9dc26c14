import { objectOf, objectsOf, textOf, type JsonObject } from '@promontory/panels'
import type { ReactNode } from 'react'
import { JsonPart } from './json-part.tsx'
import { LinksForm } from './links-form.tsx'
import { MappingsForm } from './mappings-form.tsx'
import { ChoiceControl, RemoveButton } from './option-controls.tsx'
import { OptionFields } from './option-fields.tsx'
import { MATCHERS, NEW_OVERRIDE, OVERRIDE_PROPERTIES, overrideProperty } from './override-properties.ts'
import { ThresholdsForm } from './thresholds-form.tsx'

/** Options for some fields only: whom they are for, and what is different there. */
export function OverridesForm({
  value,
  onChange,
}: {
  value: unknown
  onChange: (overrides: readonly JsonObject[]) => void
}): ReactNode {
  const overrides = objectsOf(value)
  return (
    <fieldset className="plain">
      <legend>Overrides</legend>
      {overrides.map((override, i) => (
        <OverrideForm
          key={i}
          number={i + 1}
          override={override}
          onChange={(next) =>
            onChange(overrides.flatMap((one, k) => (k !== i ? [one] : next === undefined ? [] : [next])))
          }
        />
      ))}
      <button type="button" className="button" onClick={() => onChange([...overrides, NEW_OVERRIDE])}>
        Add an override
      </button>
    </fieldset>
  )
}

function OverrideForm({
  number,
  override,
  onChange,
}: {
  number: number
  override: JsonObject
  onChange: (override: JsonObject | undefined) => void
}): ReactNode {
  const matcher = objectOf(override['matcher'])
  const properties = objectsOf(override['properties'])
  const id = textOf(matcher['id']) ?? ''
  const known = MATCHERS.find((one) => one.id === id)
  const setMatcher = (next: JsonObject): void => onChange({ ...override, matcher: next })
  const setProperties = (next: readonly JsonObject[]): void => onChange({ ...override, properties: next })
  const used = new Set(properties.map((property) => property['id']))
  const free = OVERRIDE_PROPERTIES.filter((property) => !used.has(property.id))
  return (
    <div className="option-item" role="group" aria-label={`Override ${number}`} data-override={id}>
      <ChoiceControl
        label="For"
        value={id}
        choices={MATCHERS.map((one) => [one.id, one.name] as const)}
        onChange={(next) =>
          setMatcher({ id: next, options: MATCHERS.find((one) => one.id === next)?.options ?? '' })
        }
      />
      {known === undefined ? (
        <p className="small soft">This form does not know whom it is for; that is kept as it is.</p>
      ) : (
        <OptionFields fields={known.fields} json={matcher} onChange={setMatcher} />
      )}
      {properties.map((property, i) => (
        <div key={i} className="option-item" data-property={property['id']}>
          <PropertyForm
            property={property}
            onChange={(next) => setProperties(properties.map((one, k) => (k === i ? next : one)))}
          />
          <RemoveButton
            what={overrideProperty(String(property['id']))?.name ?? String(property['id'])}
            onRemove={() => setProperties(properties.filter((_, k) => k !== i))}
          />
        </div>
      ))}
      <select
        className="field"
        aria-label={`Set a property of override ${number}`}
        value=""
        onChange={(event) => {
          const added = overrideProperty(event.target.value)
          if (added !== undefined) setProperties([...properties, { id: added.id, value: added.value }])
        }}
      >
        <option value="">Set a property…</option>
        {free.map((property) => (
          <option key={property.id} value={property.id}>
            {property.name}
          </option>
        ))}
      </select>
      <button type="button" className="button quiet" onClick={() => onChange(undefined)}>
        Remove override {number}
      </button>
    </div>
  )
}

function PropertyForm({
  property,
  onChange,
}: {
  property: JsonObject
  onChange: (property: JsonObject) => void
}): ReactNode {
  const id = String(property['id'])
  const set = (value: unknown): void => onChange({ ...property, value })
  switch (id) {
    case 'thresholds':
      return <ThresholdsForm value={property['value']} onChange={set} />
    case 'mappings':
      return <MappingsForm value={property['value']} onChange={set} />
    case 'links':
      return <LinksForm legend="Links" value={property['value']} isOfValues onChange={set} />
    default: {
      const known = overrideProperty(id)
      if (known === undefined) return <JsonPart title={id} value={property['value']} onChange={set} />
      return <OptionFields fields={known.fields} json={property} onChange={onChange} />
    }
  }
}
