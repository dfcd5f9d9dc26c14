import type { Labels, Matcher } from '@promontory/model'
import { isResolvedAt, type Alert } from '../alerts/alert.ts'
import type { InhibitRuleConfig } from '../config/inhibit-rule.ts'
import { allMatchers } from '../config/route.ts'
import { matchesAll } from '../matchers/alert-matcher.ts'

/** Mutes alerts while others fire. */
export class Inhibitor {
  readonly #rules: readonly InhibitRule[]

  constructor(rules: readonly InhibitRuleConfig[]) {
    this.#rules = rules.map((rule) => new InhibitRule(rule))
  }

  get ruleCount(): number {
    return this.#rules.length
  }

  /** Takes note of an alert, which may be a source. */
  observe(alert: Alert): void {
    for (const rule of this.#rules) rule.observe(alert)
  }

  forget(alert: Alert): void {
    for (const rule of this.#rules) rule.forget(alert)
  }

  /** The firing alert that mutes one with these labels, and the rule's name; undefined when none does. */
  inhibitedBy(
    labels: Labels,
    nowMs: number,
  ): { readonly fingerprint: string; readonly labels: Labels; readonly rule: string } | undefined {
    for (const rule of this.#rules) {
      const source = rule.sourceOf(labels, nowMs)
      if (source !== undefined)
        return { fingerprint: source.fingerprint, labels: source.labels, rule: rule.name }
    }
    return undefined
  }
}

class InhibitRule {
  readonly name: string
  readonly #source: readonly Matcher[]
  readonly #target: readonly Matcher[]
  readonly #equal: readonly string[]
  /** Source alerts by the values of the labels that must be equal. */
  readonly #sources = new Map<string, Map<string, Alert>>()

  constructor(config: InhibitRuleConfig) {
    this.name = config.name
    const side = (name: 'source' | 'target'): Matcher[] =>
      allMatchers({
        match: config[`${name}_match`],
        match_re: config[`${name}_match_re`],
        matchers: config[`${name}_matchers`],
      })
    this.#source = side('source')
    this.#target = side('target')
    this.#equal = config.equal
  }

  observe(alert: Alert): void {
    if (!matchesAll(this.#source, alert.labels)) return
    const key = this.#keyOf(alert.labels)
    const sources = this.#sources.get(key) ?? new Map<string, Alert>()
    sources.set(alert.fingerprint, alert)
    this.#sources.set(key, sources)
  }

  forget(alert: Alert): void {
    const key = this.#keyOf(alert.labels)
    const sources = this.#sources.get(key)
    if (sources?.delete(alert.fingerprint) && sources.size === 0) this.#sources.delete(key)
  }

  sourceOf(labels: Labels, nowMs: number): Alert | undefined {
    const sources = this.#sources.get(this.#keyOf(labels))
    if (sources === undefined || !matchesAll(this.#target, labels)) return undefined
    // An alert that is both source and target cannot be muted by another of that kind (nor by itself).
    const isTwoSided = matchesAll(this.#source, labels)
    for (const source of sources.values()) {
      if (isResolvedAt(source, nowMs)) continue
      if (isTwoSided && matchesAll(this.#target, source.labels)) continue
      return source
    }
    return undefined
  }

  /** A missing label counts as empty. */
  #keyOf(labels: Labels): string {
    let key = ''
    for (const name of this.#equal) {
      const value = labels.get(name)
      key += `${value.length}:${value}`
    }
    return key
  }
}
