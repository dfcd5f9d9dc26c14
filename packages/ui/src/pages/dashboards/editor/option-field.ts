import { at, type JsonObject } from '@promontory/panels'

/** Where an option stands below its owner. */
export type OptionPath = readonly (string | number)[]

interface OptionPlace {
  readonly path: OptionPath
  readonly label: string
  /** Shown where nothing is set; also what an empty choice means. */
  readonly fallback?: string | number | boolean
  readonly hint?: string
  /** Whether the option means something with the others as they are. */
  readonly when?: (json: JsonObject) => boolean
}

/** A choice: what is stored, and what people read. */
export type OptionChoice = readonly [value: string | number | boolean, name: string]

/**
 * An option that a form edits, told as data: where it stands in the JSON and what it can be. Whatever no field names is
 * not touched.
 */
export type OptionField =
  /** `name` is a text that may be one of the panel's fields. */
  | (OptionPlace & { readonly kind: 'text' | 'number' | 'flag' | 'color' | 'unit' | 'name' | 'calculation' })
  | (OptionPlace & { readonly kind: 'choice'; readonly choices: readonly OptionChoice[] })
  /** A list of names, or of calculations. */
  | (OptionPlace & { readonly kind: 'names' | 'calculations' })
  /** A list of objects, each with fields of its own. */
  | (OptionPlace & {
      readonly kind: 'list'
      readonly fields: readonly OptionField[]
      readonly item: string
      readonly empty: JsonObject
    })

/** The fields that mean something with the options as they are. */
export function shownFields(fields: readonly OptionField[], json: JsonObject): readonly OptionField[] {
  return fields.filter(({ when }) => when === undefined || when(json))
}

/** What a field stands at: what is stored, otherwise what nothing means. */
export function fieldValue(field: OptionField, json: JsonObject): unknown {
  const stored = at(json, ...field.path)
  return stored === undefined || stored === null ? field.fallback : stored
}

/** `when` of an option that follows another one. */
export function isAt(path: OptionPath, ...values: readonly unknown[]): (json: JsonObject) => boolean {
  return (json) => values.includes(at(json, ...path))
}
