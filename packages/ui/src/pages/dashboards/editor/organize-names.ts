import { numberOf, objectOf, type JsonObject } from '@promontory/panels'

/** Columns in the order of an `organize` transformation: the panel's, and those that only the transformation names. */
export function organizedNames(fields: readonly string[], options: JsonObject): readonly string[] {
  const order = objectOf(options['indexByName'])
  const renamed = new Set(Object.values(objectOf(options['renameByName'])))
  const named = ['indexByName', 'excludeByName', 'renameByName'].flatMap((key) =>
    Object.keys(objectOf(options[key])),
  )
  // The panel's fields may have their new names already.
  const names = [...new Set([...named, ...fields.filter((name) => !renamed.has(name))])]
  const place = (name: string): number => numberOf(order[name]) ?? Infinity
  return names
    .map((name, i) => ({ name, i }))
    .sort((a, b) => {
      const [left, right] = [place(a.name), place(b.name)]
      return left === right ? a.i - b.i : left - right
    })
    .map(({ name }) => name)
}

/** The `indexByName` with one column a place earlier. */
export function moved(names: readonly string[], index: number): JsonObject {
  const next = [...names]
  const [name] = next.splice(index, 1)
  if (name !== undefined) next.splice(Math.max(0, index - 1), 0, name)
  return Object.fromEntries(next.map((one, i) => [one, i]))
}
