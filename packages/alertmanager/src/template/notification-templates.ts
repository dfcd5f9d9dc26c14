import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import {
  alertmanagerFunctions,
  fn,
  FunctionError,
  TemplateSet,
  type FunctionTable,
  type Value,
} from '@promontory/template'
import { DEFAULT_TEMPLATES } from './default-templates.ts'
import { templateData, type NotificationJson } from './notification-data.ts'

/** The default templates and the user's, in text and in HTML. */
export class NotificationTemplates {
  readonly #text: TemplateSet
  readonly #html: TemplateSet
  #hasDefaults = false

  /**
   * @param patterns paths, maybe with wildcards; one that matches nothing is fine
   * @throws TemplateError, or what the file system says
   */
  constructor(patterns: readonly string[], nowMs: () => number) {
    const functions: FunctionTable = {
      ...alertmanagerFunctions(nowMs),
      routeLabels: fn(['string'], () => ''),
    }
    this.#text = new TemplateSet({ functions })
    this.#html = new TemplateSet({ functions, html: true })
    const files = patterns.flatMap((pattern) => globSync(pattern).sort())
    if (files.length === 0) return
    this.#parseDefaults()
    for (const file of files) this.#parse(basename(file), readFileSync(file, 'utf8'))
  }

  /** Where nobody adds to them this waits for the first notification: it takes a tenth of a start. */
  #parseDefaults(): void {
    if (this.#hasDefaults) return
    this.#hasDefaults = true
    this.#parse('default.tmpl', DEFAULT_TEMPLATES)
  }

  #parse(name: string, source: string): void {
    this.#text.parse(name, source)
    this.#html.parse(name, source)
  }

  /** A renderer for one notification. */
  renderer(json: NotificationJson): Renderer {
    this.#parseDefaults()
    return new Renderer(this.#text, this.#html, json)
  }

  /** Renders a route's labels, whose templates may use each other. */
  routeLabels(json: NotificationJson): Record<string, string> {
    const renderer = this.renderer(json)
    return Object.fromEntries(Object.keys(json.routeLabels).map((name) => [name, renderer.routeLabel(name)]))
  }
}

/** Expands texts for one notification. All methods throw TemplateError. */
export class Renderer {
  readonly json: NotificationJson
  readonly #text: TemplateSet
  readonly #html: TemplateSet
  #data: Value | undefined
  readonly #rendered = new Map<string, string>()
  readonly #rendering: string[] = []

  constructor(text: TemplateSet, html: TemplateSet, json: NotificationJson) {
    const functions = { routeLabels: fn(['string'], (name: string) => this.routeLabel(name)) }
    this.json = json
    this.#text = text.clone(functions)
    this.#html = html.clone(functions)
  }

  text(source: string): string {
    return this.#expand(this.#text, source)
  }

  html(source: string): string {
    return this.#expand(this.#html, source)
  }

  routeLabel(name: string): string {
    const source = this.json.routeLabels[name]
    if (source === undefined) return ''
    const known = this.#rendered.get(name)
    if (known !== undefined) return known
    if (this.#rendering.includes(name))
      throw new FunctionError(`route label cycle detected: ${[...this.#rendering, name].join(' -> ')}`)
    this.#rendering.push(name)
    try {
      const value = this.text(source)
      this.#rendered.set(name, value)
      return value
    } finally {
      this.#rendering.pop()
    }
  }

  #expand(set: TemplateSet, source: string): string {
    if (!source.includes('{{')) return source
    const own = set.clone()
    own.parse('', source)
    // Made when it is wanted: a plain webhook needs none.
    this.#data ??= templateData(this.json)
    return own.execute('', this.#data)
  }
}
