import { at, numberOf, objectOf, objectsOf, type JsonObject } from '@promontory/panels'
import type { ReactNode } from 'react'
import { setAt } from '../data/edits.ts'
import {
  CalculationControl,
  ChoiceControl,
  ColorControl,
  FlagControl,
  ListControl,
  NumberControl,
  RemoveButton,
  TextControl,
  UnitControl,
} from './option-controls.tsx'
import { fieldValue, shownFields, type OptionField } from './option-field.ts'

/** A form of options told as data; each change gives back the whole JSON with one place changed. */
export function OptionFields({
  fields,
  json,
  onChange,
}: {
  fields: readonly OptionField[]
  json: JsonObject
  onChange: (json: JsonObject) => void
}): ReactNode {
  return shownFields(fields, json).map((field) => (
    <OptionControl
      key={field.path.join('.')}
      field={field}
      json={json}
      set={(value) => onChange(setAt(json, field.path, value))}
    />
  ))
}

function OptionControl({
  field,
  json,
  set,
}: {
  field: OptionField
  json: JsonObject
  set: (value: unknown) => void
}): ReactNode {
  const { label, hint } = field
  const value = fieldValue(field, json)
  const text = value === undefined ? '' : String(value)
  switch (field.kind) {
    case 'text':
      return (
        <TextControl
          label={label}
          hint={hint}
          value={text}
          onChange={(next) => set(next === '' ? undefined : next)}
        />
      )
    case 'name':
      return <TextControl label={label} hint={hint} list="field-names" value={text} onChange={set} />
    case 'number':
      return <NumberControl label={label} hint={hint} value={numberOf(value)} onChange={set} />
    case 'flag':
      return <FlagControl label={label} value={value === true} onChange={set} />
    case 'color':
      return <ColorControl label={label} value={text} onChange={set} />
    case 'unit':
      return (
        <UnitControl label={label} value={text} onChange={(next) => set(next === '' ? undefined : next)} />
      )
    case 'calculation':
      return <CalculationControl label={label} value={text} onChange={set} />
    case 'choice':
      return <ChoiceControl label={label} value={value} choices={field.choices} onChange={set} />
    case 'names':
      return <ListControl label={label} value={value} onChange={set} />
    case 'calculations':
      return <ListControl label={label} value={value} onChange={set} isCalculations />
    case 'list':
      return <ObjectList field={field} list={objectsOf(at(json, ...field.path))} onChange={set} />
  }
}

function ObjectList({
  field,
  list,
  onChange,
}: {
  field: OptionField & { readonly kind: 'list' }
  list: readonly JsonObject[]
  onChange: (list: readonly JsonObject[]) => void
}): ReactNode {
  return (
    <fieldset className="plain">
      <legend>{field.label}</legend>
      {list.map((one, i) => (
        <div key={i} className="option-item">
          <OptionFields
            fields={field.fields}
            json={objectOf(one)}
            onChange={(next) => onChange(list.map((other, k) => (k === i ? next : other)))}
          />
          <RemoveButton
            what={`the ${field.item}`}
            onRemove={() => onChange(list.filter((_, k) => k !== i))}
          />
        </div>
      ))}
      <button type="button" className="button" onClick={() => onChange([...list, field.empty])}>
        Add a {field.item}
      </button>
    </fieldset>
  )
}
