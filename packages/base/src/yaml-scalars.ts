import { dirname, resolve } from 'node:path'
import { errorText } from './errors.ts'
import { isNullNode } from './yaml-node.ts'
import type { YamlNode, YamlScalar } from './yaml-node.ts'
import { parseBoolText, parseFloatText } from './yaml-scalar.ts'
import type { DecodeContext, Schema, YamlValue } from './yaml-schema.ts'
import { Secret } from './yaml-secret.ts'

function scalarNode(node: YamlNode, context: DecodeContext, type: string, expected: string): YamlScalar {
  return node.kind === 'scalar' ? node : context.failType(node, type, expected)
}

/** Any scalar, by its source text: `1.50`, `yes` and `010` stay what they are; null is `''`. */
export const str: Schema<string> = {
  type: 'string',
  decode(node, context) {
    const scalar = scalarNode(node, context, 'string', 'a string')
    return isNullNode(scalar) ? '' : scalar.text
  },
  encode: (value) => value,
}

/** `true`/`false` and YAML 1.1's `yes`, `no`, `on`, `off`, unquoted. */
export const bool: Schema<boolean> = {
  type: 'bool',
  decode(node, context) {
    const scalar = scalarNode(node, context, 'bool', 'true or false')
    const value = scalar.tag === '!!bool' ? parseBoolText(scalar.text) : undefined
    return value ?? context.failType(node, 'bool', 'true or false')
  },
  encode: (value) => value,
}

export interface NumberBounds {
  readonly min?: number
  readonly max?: number
}

/** A whole number within `bounds`; decimal, `0x`, `0b`, `0o` and octal with a leading zero. */
export function integer(bounds: NumberBounds & { readonly type?: string } = {}): Schema<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER, type = 'int' } = bounds
  return {
    type,
    decode(node, context) {
      const scalar = scalarNode(node, context, type, 'a whole number')
      const isNumber = scalar.tag === '!!int' || scalar.tag === '!!float'
      const value = isNumber ? parseFloatText(scalar.text) : undefined
      if (value === undefined || !Number.isInteger(value))
        return context.failType(node, type, 'a whole number')
      if (value < min || value > max)
        return context.failType(node, type, `a whole number from ${min} to ${max}`)
      return value
    },
    encode: (value) => value,
  }
}

export const int: Schema<number> = integer()
/** Go's `uint`: not below zero. */
export const uint: Schema<number> = integer({ min: 0, type: 'uint' })

export const float: Schema<number> = {
  type: 'float64',
  decode(node, context) {
    const scalar = scalarNode(node, context, 'float64', 'a number')
    const isNumber = scalar.tag === '!!int' || scalar.tag === '!!float'
    return (
      (isNumber ? parseFloatText(scalar.text) : undefined) ?? context.failType(node, 'float64', 'a number')
    )
  },
  encode: (value) => value,
}

/** A text that means something: `parse` throws with the fault, `format` prints it back. */
export function text<T>(
  type: string,
  parse: (source: string) => T,
  format: (value: T) => YamlValue | undefined = (value) => String(value),
): Schema<T> {
  return {
    type,
    decode(node, context) {
      const source = str.decode(node, context)
      try {
        return parse(source)
      } catch (error) {
        return context.fail(node, errorText(error), error)
      }
    },
    encode: format,
  }
}

/** A password or token; see {@link Secret}. */
export const secret: Schema<Secret> = text(
  'Secret',
  (source) => new Secret(source),
  (value) => value.toString(),
)

/** One of a few words. */
export function oneOf<const W extends string>(
  words: readonly W[],
  fault: (word: string) => string = (word) => `unknown value "${word}", expected one of ${words.join(', ')}`,
): Schema<W> {
  return text('string', (source) => {
    if ((words as readonly string[]).includes(source)) return source as W
    throw new Error(fault(source))
  })
}

/** An absolute URL, kept as a `URL`; what `new URL` refuses is refused with Go's prefix `parse "…":`. */
export const url: Schema<URL> = text(
  'config.URL',
  (source) => {
    if (!URL.canParse(source))
      throw new Error(`parse "${source}": not an absolute URL, expected e.g. http://host:9090`)
    return new URL(source)
  },
  (value) => value.href,
)

/** A path; a relative one starts from the folder of the configuration file. `''` stays. */
export const filePath: Schema<string> = {
  type: 'string',
  decode(node, context) {
    const path = str.decode(node, context)
    return path === '' ? '' : resolve(dirname(context.environment.file), path)
  },
  encode: (value) => value,
}
