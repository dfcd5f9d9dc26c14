import { quote } from '@promontory/model'
import { TemplateError } from './errors.ts'
import { BUILTINS } from './exec/builtins.ts'
import { DEFAULT_LIMITS, Executor, Suspended, type TemplateLimits } from './exec/executor.ts'
import type { FunctionTable } from './exec/function.ts'
import type { Value } from './exec/value.ts'
import { parseTemplate, type Tree } from './parse/parser.ts'

export interface TemplateSetOptions {
  /** Added to Go's own functions; a name of ours wins. */
  readonly functions?: FunctionTable
  /** Escape by context, as html/template; otherwise text/template. */
  readonly html?: boolean
  readonly limits?: Partial<TemplateLimits>
}

/** Answers that one expansion may wait for. */
const SUSPENSIONS_MAX = 100

/** Named templates that may call each other, as a `*template.Template` of Go's text/template or html/template. */
export class TemplateSet {
  readonly #trees: Map<string, Tree>
  readonly #functions: FunctionTable
  readonly #html: boolean
  readonly #limits: TemplateLimits

  constructor(options: TemplateSetOptions = {}, trees: ReadonlyMap<string, Tree> = new Map()) {
    this.#trees = new Map(trees)
    this.#functions = { ...BUILTINS, ...options.functions }
    this.#html = options.html ?? false
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
  }

  /** A set of its own with the same templates; `functions` are added. */
  clone(functions: FunctionTable = {}): TemplateSet {
    return new TemplateSet(
      { functions: { ...this.#functions, ...functions }, html: this.#html, limits: this.#limits },
      this.#trees,
    )
  }

  /**
   * Parses `text` under `name`, adding what it defines. Later definitions replace earlier ones, except by an empty
   * body, as in Go.
   * @throws TemplateError; then nothing was added
   */
  parse(name: string, text: string): void {
    const parsed = parseTemplate(name, text, (word) => Object.hasOwn(this.#functions, word))
    for (const [defined, tree] of parsed) {
      const isEmpty = tree.root.nodes.every((node) => node.kind === 'text' && node.text.trim() === '')
      if (!isEmpty || !this.#trees.has(defined)) this.#trees.set(defined, tree)
    }
  }

  has(name: string): boolean {
    return this.#trees.has(name)
  }

  /** Names of all templates, sorted. */
  names(): string[] {
    return [...this.#trees.keys()].sort()
  }

  /** @throws TemplateError with Go's text, TemplateLimitError at a bound */
  execute(name: string, data: Value): string {
    const tree = this.#trees.get(name)
    if (tree === undefined)
      throw new TemplateError(
        this.#html
          ? `html/template: ${quote(name)} is undefined`
          : `template: no template ${quote(name)} associated with template ${quote(name)}`,
      )
    const { limits } = { limits: this.#limits }
    return new Executor(
      { trees: this.#trees, functions: this.#functions, html: this.#html, limits },
      tree,
    ).run(data)
  }

  /**
   * As {@link execute} for sets with functions that wait (PromQL queries): those throw {@link Suspended} until their
   * answer is known, and the template runs again from its start. Templates have no side effects, so that is sound.
   */
  async executeAsync(name: string, data: Value): Promise<string> {
    for (let round = 0; round <= SUSPENSIONS_MAX; round++) {
      try {
        return this.execute(name, data)
      } catch (thrown) {
        if (!(thrown instanceof Suspended)) throw thrown
        await thrown.answer
      }
    }
    throw new TemplateError(`template: ${name}: more than ${SUSPENSIONS_MAX} different queries`)
  }
}
