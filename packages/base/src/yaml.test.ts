import { describe, expect, test } from 'vitest'
import {
  bool, checked, ConfigErrors, decodeYaml, fieldNode, float, int, list, mapOf, oneOf, optional, printYaml, required,
  Secret, secret, str, struct, text, uint, url, withDefault,
} from './yaml.ts' // prettier-ignore
import type { Schema } from './yaml.ts'

const read = <T>(source: string, schema: Schema<T>): T => decodeYaml(source, { file: 'f.yml' }, schema).value

function fault(source: string, schema: Schema<unknown>): string {
  try {
    read(source, schema)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigErrors)
    return (error as Error).message
  }
  return 'no error'
}

const one = <T>(schema: Schema<T>) => struct('T', { v: schema })

describe('scalars are what Go makes of them', () => {
  test.each([
    ['1.50', '1.50'], ['010', '010'], ['yes', 'yes'], ['0x1F', '0x1F'], ['"a\\tb"', 'a\tb'], ['2020-01-02', '2020-01-02'],
    ["'it''s'", "it's"], ['!!str 12', '12'], ['a: b'.replace(': ', ':'), 'a:b'], ['1_000', '1_000'],
  ])('string from %s', (source, want) => expect(read(`v: ${source}`, one(str)).v).toBe(want)) // prettier-ignore
  test.each([
    ['10', 10], ['010', 8], ['0o17', 15], ['0x1F', 31], ['0b101', 5], ['-3', -3], ['1_000', 1000], ['1e3', 1000], ['-0x10', -16],
  ])('int from %s', (source, want) => expect(read(`v: ${source}`, one(int)).v).toBe(want)) // prettier-ignore
  test.each([['.5', 0.5], ['1e-3', 0.001], ['.inf', Infinity], ['-.Inf', -Infinity], ['.NaN', NaN], ['7', 7]])(
    'float from %s', (source, want) => expect(read(`v: ${source}`, one(float)).v).toBe(want)) // prettier-ignore
  test.each([
    ['yes', true],
    ['Off', false],
    ['TRUE', true],
    ['n', false],
  ])('bool from %s', (source, want) => expect(read(`v: ${source}`, one(bool)).v).toBe(want))
  test.each<[string, Schema<unknown>, string]>([
    ['abc', int, 'f.yml:1:4: v: cannot unmarshal !!str `abc` into int, expected a whole number'],
    ['"5"', int, 'f.yml:1:4: v: cannot unmarshal !!str `5` into int, expected a whole number'],
    ['1.5', int, 'f.yml:1:4: v: cannot unmarshal !!float `1.5` into int, expected a whole number'],
    [
      '-1',
      uint,
      'f.yml:1:4: v: cannot unmarshal !!int `-1` into uint, expected a whole number from 0 to 9007199254740991',
    ],
    ['"yes"', bool, 'f.yml:1:4: v: cannot unmarshal !!str `yes` into bool, expected true or false'],
    ['[a]', str, 'f.yml:1:4: v: cannot unmarshal !!seq into string, expected a string'],
    [
      'abcdefghijkl',
      float,
      'f.yml:1:4: v: cannot unmarshal !!str `abcdefg...` into float64, expected a number',
    ],
    ['x', list(str), 'f.yml:1:4: v: cannot unmarshal !!str `x` into []string, expected a list'],
    ['c', oneOf(['a', 'b']), 'f.yml:1:4: v: unknown value "c", expected one of a, b'],
    ['/x', url, 'f.yml:1:4: v: parse "/x": not an absolute URL, expected e.g. http://host:9090'],
  ])('%s is refused', (source, schema, want) => expect(fault(`v: ${source}`, one(schema))).toBe(want))
})

describe('struct', () => {
  const schema = struct('config.plain', {
    name: required(str, 'name is empty'),
    keep: withDefault(bool, true),
    labels: optional(mapOf(str)),
  })
  test('defaults and null values', () => {
    expect(read('name: x\nkeep:\nlabels: {a: 010, b: }', schema)).toEqual({
      name: 'x', keep: true, labels: { a: '010', b: '' } }) // prettier-ignore
  })
  test('faults are collected, with the position of each', () => {
    expect(fault('keep: 7\nlable: {}\nlabels:\n  a: [1]\n', schema)).toBe(
      [
        'yaml: unmarshal errors:',
        '  f.yml:1:1: name is empty',
        '  f.yml:1:7: keep: cannot unmarshal !!int `7` into bool, expected true or false',
        '  f.yml:2:1: field lable not found in type config.plain, did you mean labels?',
        '  f.yml:4:6: labels.a: cannot unmarshal !!seq into string, expected a string',
      ].join('\n'),
    )
  })
  test('a field or key given twice', () => {
    expect(fault('name: x\nname: y', schema)).toBe(
      'f.yml:2:1: field name already set in type config.plain (first in line 1), expected it once',
    )
    expect(fault('name: x\nlabels: {a: 1, a: 2}', schema)).toContain('key "a" already set in map')
  })
  test('a check reports at the field it means', () => {
    const strict = checked(schema, (value, node, context) => {
      if (value.name === 'bad') context.report(fieldNode(node, 'name'), 'bad name')
    })
    expect(fault('keep: no\nname: bad', strict)).toBe('f.yml:2:7: name: bad name')
  })
})

describe('documents', () => {
  const free = mapOf(mapOf(str))
  test('anchors, aliases and merge keys', () => {
    expect(read('a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\nc: *x', free)).toEqual({
      a: { p: '1', q: '2' }, b: { q: '3', p: '1' }, c: { p: '1', q: '2' } }) // prettier-ignore
  })
  test('an empty document is an empty struct', () => expect(read('# nothing\n', free)).toEqual({}))
  test.each([
    ['a: b: c', 'f.yml:1:4: yaml: mapping values are not allowed in this context'],
    ['a:\n\t- b', 'f.yml:2:1: yaml: found character that cannot start any token (a tab'],
    ['a: *nope', "f.yml:1:4: a: yaml: unknown anchor 'nope' referenced"],
    ['a: &a [*a]', "yaml: anchor 'a' value contains itself"],
    ['a: !foo x', 'f.yml:1:9: a: yaml: tag !foo is not supported'],
    ['a: !!int x', 'yaml: cannot decode !!str `x` as a !!int'],
    ['? [a]\n: b', 'yaml: a key must be a scalar'],
    ['[]', 'f.yml:1:1: cannot unmarshal !!seq into map[string]map[string]string'],
  ])('%j is refused', (source, want) => expect(fault(source, free)).toContain(want))
  test('endless nesting is refused', () =>
    expect(fault(`a: ${'['.repeat(200)}${']'.repeat(200)}`, free)).toContain('nested deeper than 100 levels'))
  test('nesting beyond the stack is refused', () =>
    expect(fault('['.repeat(20_000), free)).toContain('yaml: '))
  test('an alias bomb is refused', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 9; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      )
    expect(fault(lines.join('\n'), free)).toContain('aliases copy more than 100000 nodes')
  })
})

describe('printing', () => {
  const schema = struct('T', {
    name: str,
    password: optional(secret),
    hosts: withDefault(list(str), []),
    wait: withDefault(
      text(
        'D',
        (s) => Number(s.replace('s', '')),
        (v) => `${v}s`,
      ),
      5,
    ),
    redirects: withDefault(bool, true),
  })
  test('secrets are hidden, empty defaults left out, the rest reads back', () => {
    const value = read('name: "010"\npassword: p\nredirects: no', schema)
    expect(value.password).toBeInstanceOf(Secret)
    expect(`${value.password!}${JSON.stringify(value.password)}`).toBe('<secret>"<secret>"')
    expect(value.password!.reveal()).toBe('p')
    const printed = printYaml(schema.encode(value)!)
    expect(printed).toBe('name: "010"\npassword: <secret>\nwait: 5s\nredirects: false\n')
    expect(schema.encode(read(printed, schema))).toEqual(schema.encode(value))
  })
})
