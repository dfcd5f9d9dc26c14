import { ConfigError, ConfigErrors } from './yaml-error.ts'
import type { ConfigNotice } from './yaml-error.ts'
import { describeNode, entryOf, parseYaml } from './yaml-node.ts'
import type { YamlNode } from './yaml-node.ts'

/** What `encode` gives: printable by `printYaml`. */
export type YamlValue = string | number | boolean | null | YamlValue[] | { [key: string]: YamlValue }

/**
 * Reads a node into a typed value and prints it back. `decode` reports faults to the context and throws
 * {@link Abandoned} for its node; the next list item or field goes on, so that one run names several faults.
 */
export interface Schema<T> {
  /** Go's name of the type in error texts: `string`, `[]string`, `config.plain`. */
  readonly type: string
  decode(node: YamlNode, context: DecodeContext): T
  /** Undefined leaves the field out. Secrets give `<secret>`. */
  encode(value: T): YamlValue | undefined
}

/** The type that a schema decodes to. */
export type Decoded<S> = S extends Schema<infer T> ? T : never

/** Thrown inside decoders after the fault was noted; never leaves `decodeYaml`. */
export class Abandoned extends Error {}

/** Faults that are listed; a file with more has another problem. */
const ERRORS_MAX = 20

/** What a decode run gathers. */
export class DecodeContext {
  readonly errors: ConfigError[] = []
  readonly notices: ConfigNotice[] = []
  /** Values that belong to the whole load, e.g. the folder that relative paths start from. */
  readonly environment: DecodeEnvironment

  constructor(environment: DecodeEnvironment) {
    this.environment = environment
  }

  /** Notes a fault and gives up on this node. */
  fail(node: YamlNode, fault: string, cause?: unknown): never {
    this.report(node, fault, cause)
    throw new Abandoned(fault)
  }

  /** Notes a fault and goes on. */
  report(node: YamlNode, fault: string, cause?: unknown): void {
    if (this.errors.length < ERRORS_MAX)
      this.errors.push(new ConfigError(node, fault, cause === undefined ? undefined : { cause }))
  }

  /** Gives up on a node whose faults are noted already. */
  abandon(): never {
    throw new Abandoned()
  }

  /** `cannot unmarshal !!str `abc` into int`, as Go says it. */
  failType(node: YamlNode, type: string, expected: string): never {
    this.fail(node, `cannot unmarshal ${describeNode(node)} into ${type}, expected ${expected}`)
  }

  warn(node: YamlNode, text: string): void {
    this.#notice('warning', node, text)
  }

  /** The field is valid, but this program does not do what it asks. The caller refuses by name. */
  unsupported(node: YamlNode, text: string): void {
    this.#notice('unsupported', node, text)
  }

  #notice(kind: ConfigNotice['kind'], { file, line, column, path }: YamlNode, text: string): void {
    this.notices.push({ kind, file, line, column, path, text })
  }

  /** Runs `read`; undefined when it abandoned its node. */
  attempt<T>(read: () => T): { readonly value: T } | undefined {
    try {
      return { value: read() }
    } catch (error) {
      if (error instanceof Abandoned) return undefined
      throw error
    }
  }
}

export interface DecodeEnvironment {
  readonly file: string
}

export interface DecodeResult<T> {
  readonly value: T
  readonly notices: readonly ConfigNotice[]
}

/**
 * Reads one YAML document by a schema.
 * @throws ConfigErrors naming file, line, column and field of each fault
 */
export function decodeYaml<T>(
  text: string,
  environment: DecodeEnvironment,
  schema: Schema<T>,
): DecodeResult<T> {
  return decodeNode(parseYaml(text, environment.file), environment, schema)
}

/** {@link decodeYaml} for a node that is already there. */
export function decodeNode<T>(
  node: YamlNode,
  environment: DecodeEnvironment,
  schema: Schema<T>,
): DecodeResult<T> {
  const context = new DecodeContext(environment)
  const result = context.attempt(() => schema.decode(node, context))
  if (context.errors.length > 0) throw new ConfigErrors(inFileOrder(context.errors))
  return { value: result!.value, notices: context.notices }
}

function inFileOrder(errors: readonly ConfigError[]): ConfigError[] {
  return [...errors].sort(
    (a, b) => a.position.line - b.position.line || a.position.column - b.position.column,
  )
}

/** The node of a field below `node` when it is written out, else `node`: where to report a fault of that field. */
export function fieldNode(node: YamlNode, ...path: readonly (string | number)[]): YamlNode {
  let at = node
  for (const step of path) {
    const next =
      typeof step === 'number' ? (at.kind === 'sequence' ? at.items[step] : undefined) : entryOf(at, step)
    if (next === undefined) return at
    at = next
  }
  return at
}
