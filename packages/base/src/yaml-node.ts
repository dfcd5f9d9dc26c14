import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml'
import type { Document, Node, Pair, YAMLMap, YAMLSeq } from 'yaml'
import { ConfigError, ConfigErrors } from './yaml-error.ts'
import type { ConfigPosition } from './yaml-error.ts'
import { indentQuotedLines } from './yaml-quoted.ts'
import { isNullText, resolvePlain } from './yaml-scalar.ts'
import type { ScalarTag } from './yaml-scalar.ts'

/** A scalar with its SOURCE TEXT: `1.50` stays `1.50`, and only a decoder decides what it is. */
export interface YamlScalar extends ConfigPosition {
  readonly kind: 'scalar'
  readonly text: string
  readonly tag: ScalarTag
}

export interface YamlEntry {
  readonly key: YamlScalar
  readonly value: YamlNode
  /** Came in by `<<`; an entry of the mapping itself wins over it. */
  readonly merged: boolean
}

/** Entries in file order, duplicates included: what a duplicate is called depends on who decodes. */
export interface YamlMapping extends ConfigPosition {
  readonly kind: 'mapping'
  readonly entries: readonly YamlEntry[]
}

export interface YamlSequence extends ConfigPosition {
  readonly kind: 'sequence'
  readonly items: readonly YamlNode[]
}

export type YamlNode = YamlScalar | YamlMapping | YamlSequence

/** Nodes that aliases may copy into one document; a bound against alias bombs ("billion laughs"). */
const ALIASED_NODES_MAX = 100_000
/** Nesting; deeper documents are refused, not recursed into. */
const DEPTH_MAX = 100

/**
 * Reads the first document of a YAML text into positioned nodes; aliases are copied, `<<` merged.
 * An empty document is a null scalar.
 * @throws ConfigErrors with positions for text that is not YAML
 */
export function parseYaml(text: string, file: string): YamlNode {
  let source = text.replace(/^\u{feff}/u, '')
  for (let mended = 0; ; mended++) {
    const lines = new LineCounter()
    const builder = new NodeBuilder(file, lines)
    const options = { version: '1.1', uniqueKeys: false, prettyErrors: false, logLevel: 'silent' } as const
    const documents = parseAllDocuments(source, { ...options, schema: 'failsafe', lineCounter: lines })
    if ('empty' in documents) return builder.nullAt(0, '')
    const better = mended < MENDED_TEXTS_MAX ? mendQuoted(source, documents[0]!) : undefined
    if (better === undefined) return builder.document(documents[0]!)
    source = better
  }
}

/** Quoted texts per document whose lines are moved, each for the price of one more parse; see `indentQuotedLines`. */
const MENDED_TEXTS_MAX = 100

function mendQuoted(source: string, document: Document.Parsed): string | undefined {
  const [first] = document.errors
  const quote =
    first?.code === 'MISSING_CHAR' ? /^Missing closing (["'])quote/.exec(first.message)?.[1] : undefined
  return quote === undefined ? undefined : indentQuotedLines(source, first!.pos[0], quote as '"' | "'")
}

/** Go's wording for the commonest faults, which is what people search the web for. */
const GO_WORDING: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: 'mapping values are not allowed in this context',
  TAB_AS_INDENT: 'found character that cannot start any token (a tab; indent with spaces)',
  BAD_SCALAR_START: 'found character that cannot start any token',
  BAD_DQ_ESCAPE: 'found unknown escape character',
  MISSING_CHAR: 'found unexpected end of stream',
}

const BINARY_TAG = 'tag:yaml.org,2002:binary'

class NodeBuilder {
  readonly #file: string
  readonly #lines: LineCounter
  #document: Document.Parsed | undefined
  /** Aliases that are being copied right now, one inside another. */
  #aliases = 0
  #aliasedNodes = 0
  #anchors: Map<string, Node[]> | undefined

  constructor(file: string, lines: LineCounter) {
    this.#file = file
    this.#lines = lines
  }

  document(document: Document.Parsed): YamlNode {
    this.#document = document
    if (document.errors.length > 0) {
      // The first fault is the user's; what follows is mostly the parser getting lost behind it.
      const { code, message, pos } = document.errors[0]!
      const known = GO_WORDING[code]
      throw this.fault(pos[0], '', `yaml: ${known === undefined ? message : `${known}: ${message}`}`)
    }
    const root = document.contents as Node | null
    return root === null ? this.nullAt(0, '') : this.#node(root, '', 0)
  }

  nullAt(offset: number, path: string): YamlScalar {
    return { kind: 'scalar', text: '', tag: '!!null', ...this.#position(offset, path) }
  }

  #node(node: Node, path: string, depth: number): YamlNode {
    const offset = node.range?.[0] ?? 0
    if (this.#aliases > 0 && ++this.#aliasedNodes > ALIASED_NODES_MAX)
      throw this.fault(offset, path, `yaml: aliases copy more than ${ALIASED_NODES_MAX} nodes`)
    if (depth > DEPTH_MAX) throw this.fault(offset, path, `yaml: nested deeper than ${DEPTH_MAX} levels`)
    if (isAlias(node)) return this.#alias(node.source, offset, path, depth)
    if (isScalar(node)) return this.#scalar(node, offset, path)
    if (isMap(node)) return this.#mapping(node, offset, path, depth)
    if (isSeq(node)) return this.#sequence(node, offset, path, depth)
    throw this.fault(offset, path, 'yaml: unknown kind of node')
  }

  #alias(name: string, offset: number, path: string, depth: number): YamlNode {
    this.#anchors ??= anchorsOf(this.#document!.contents)
    const target = this.#anchors.get(name)?.findLast((node) => (node.range?.[0] ?? 0) < offset)
    if (target === undefined) throw this.fault(offset, path, `yaml: unknown anchor '${name}' referenced`)
    if ((target.range?.[1] ?? 0) > offset)
      throw this.fault(offset, path, `yaml: anchor '${name}' value contains itself`)
    this.#aliases++
    const copy = this.#node(target, path, depth + 1)
    this.#aliases--
    return copy
  }

  #scalar(node: { value: unknown; type?: string; tag?: string }, offset: number, path: string): YamlScalar {
    const source = String(node.value ?? '')
    const text = node.tag === BINARY_TAG ? this.#binaryText(source) : source
    return {
      kind: 'scalar',
      text,
      tag: this.#tagOf(node, text, offset, path),
      ...this.#position(offset, path),
    }
  }

  /** `!!binary`: bytes that are no UTF-8 become lone surrogates (0xff is U+DCFF), so that checks can see and name them. */
  #binaryText(text: string): string {
    const bytes = Buffer.from(text, 'base64')
    const decoded = bytes.toString('utf8')
    return Buffer.from(decoded, 'utf8').equals(bytes)
      ? decoded
      : Array.from(bytes, (byte) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)).join('')
  }

  #tagOf(node: { type?: string; tag?: string }, text: string, offset: number, path: string): ScalarTag {
    const explicit = node.tag
    if (explicit === undefined) return node.type === 'PLAIN' ? resolvePlain(text) : '!!str'
    const short = explicit.replace('tag:yaml.org,2002:', '!!')
    if (short === '!!str' || short === '!' || explicit === BINARY_TAG) return '!!str'
    if (short === '!!int' || short === '!!float' || short === '!!bool' || short === '!!null') {
      const found = resolvePlain(text)
      if (found === short || (short === '!!float' && found === '!!int')) return short
      throw this.fault(offset, path, `yaml: cannot decode ${found} \`${text}\` as a ${short}`)
    }
    throw this.fault(offset, path, `yaml: tag ${short} is not supported, expected a plain value`)
  }

  #mapping(node: YAMLMap, offset: number, path: string, depth: number): YamlMapping {
    const own: YamlEntry[] = []
    const merged: YamlEntry[] = []
    for (const pair of node.items as Pair<Node | null, Node | null>[]) {
      const key = this.#key(pair.key, offset, path, depth)
      const childPath = path === '' ? key.text : `${path}.${key.text}`
      const keyEnd = pair.key?.range?.[1] ?? offset
      if (isMergeKey(pair.key) && pair.value !== null) {
        merged.push(...this.#mergeSources(pair.value, path, depth))
        continue
      }
      const value =
        pair.value === null ? this.nullAt(keyEnd, childPath) : this.#node(pair.value, childPath, depth + 1)
      // An empty value is reported where its key stands: "behind the colon" is no place to look at.
      own.push({
        key,
        value:
          value.kind === 'scalar' && value.text === '' && value.tag === '!!null'
            ? { ...value, line: key.line, column: key.column }
            : value,
        merged: false,
      })
    }
    const names = new Set(own.map((entry) => entry.key.text))
    const entries = [...own]
    for (const entry of merged) {
      if (names.has(entry.key.text)) continue
      names.add(entry.key.text)
      entries.push(entry)
    }
    return { kind: 'mapping', entries, ...this.#position(offset, path) }
  }

  #key(node: Node | null, offset: number, path: string, depth: number): YamlScalar {
    if (node === null) return this.nullAt(offset, path)
    const key = this.#node(node, path, depth + 1)
    if (key.kind === 'scalar') return key
    throw this.fault(node.range?.[0] ?? offset, path, 'yaml: a key must be a scalar, expected `name: value`')
  }

  #mergeSources(value: Node, path: string, depth: number): YamlEntry[] {
    const source = this.#node(value, path, depth + 1)
    const sources = source.kind === 'sequence' ? source.items : [source]
    return sources.flatMap((item) => {
      if (item.kind === 'mapping') return item.entries.map((entry) => ({ ...entry, merged: true }))
      throw new ConfigErrors([
        new ConfigError(item, 'yaml: map merge requires map or sequence of maps as the value'),
      ])
    })
  }

  #sequence(node: YAMLSeq, offset: number, path: string, depth: number): YamlSequence {
    const items = (node.items as (Node | null)[]).map((item, index) => {
      const childPath = `${path}[${index}]`
      return item === null ? this.nullAt(offset, childPath) : this.#node(item, childPath, depth + 1)
    })
    return { kind: 'sequence', items, ...this.#position(offset, path) }
  }

  #position(offset: number, path: string): ConfigPosition {
    const { line, col } = this.#lines.linePos(offset)
    return { file: this.#file, line: Math.max(1, line), column: Math.max(1, col), path }
  }

  fault(offset: number, path: string, text: string): ConfigErrors {
    return new ConfigErrors([new ConfigError(this.#position(offset, path), text)])
  }
}

/** Nodes by anchor, in file order: an anchor may be set again, and an alias means the last one before it. */
function anchorsOf(root: unknown): Map<string, Node[]> {
  const anchors = new Map<string, Node[]>()
  const visit = (node: unknown): void => {
    if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined)
      anchors.set(node.anchor, [...(anchors.get(node.anchor) ?? []), node])
    if (isMap(node)) node.items.forEach((pair) => (visit(pair.key), visit(pair.value)))
    else if (isSeq(node)) node.items.forEach(visit)
  }
  visit(root)
  return anchors
}

function isMergeKey(key: Node | null): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN'
}

export function isNullNode(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.tag === '!!null' && isNullText(node.text)
}

/** The value of `name` in a mapping (of a duplicate, the first). */
export function entryOf(node: YamlNode, name: string): YamlNode | undefined {
  return node.kind === 'mapping' ? node.entries.find((entry) => entry.key.text === name)?.value : undefined
}

/** `!!map`, `!!seq` or the scalar's tag with its text, shortened as Go does: what stands in `cannot unmarshal …`. */
export function describeNode(node: YamlNode): string {
  if (node.kind === 'mapping') return '!!map'
  if (node.kind === 'sequence') return '!!seq'
  const shown = node.text.length > 10 ? `${node.text.slice(0, 7)}...` : node.text
  return `${node.tag} \`${shown}\``
}
