import type { Logger } from '@promontory/base'
import {
  Labels,
  METRIC_NAME,
  type InstantQuery,
  type NotifierAlert,
  type VectorSample,
} from '@promontory/model'
import {
  ALERT_TEMPLATE_DEFINITIONS,
  alertTemplateData,
  expandPrometheus,
  queryEscape,
  TemplateError,
} from '@promontory/template'
import { needsSending, RESOLVED_RETENTION_MS, type Alert, type AlertState } from './alert.ts'
import { RuleError } from './errors.ts'
import { dataExpression, type NoDataPolicy } from './no-data.ts'
import type { RuleConfig } from './rule-file.ts'
import type { RuleMetrics } from './rule-metrics.ts'

/** What each evaluation of a rule is given. */
export interface EvaluationContext {
  /** The group's slot: what `for` counts by. */
  readonly timeMs: number
  readonly queryOffsetMs: number
  readonly limit: number
  readonly externalLabels: Labels
  readonly externalUrl: string
  readonly query: InstantQuery
  readonly signal: AbortSignal
  readonly metrics: RuleMetrics
  readonly logger: Logger
}

/** A rule that turns each element of its expression's answer into an alert. */
export class AlertingRule {
  readonly config: RuleConfig
  /** By key of the labels. Resolved ones stay for {@link RESOLVED_RETENTION_MS}. */
  #alerts = new Map<string, Alert>()
  /** Until restored, ALERTS_FOR_STATE is read and must not be overwritten. */
  restored: boolean
  readonly noData: NoDataPolicy
  /** What has an answer whenever there is data; undefined when the policy needs none or nothing can be said. */
  readonly #dataQuery: string | undefined

  constructor(config: RuleConfig, restored: boolean, noData: NoDataPolicy = 'resolve') {
    this.config = config
    this.restored = restored
    this.noData = noData
    this.#dataQuery = noData === 'resolve' ? undefined : dataExpression(config.expr)
  }

  /**
   * One evaluation: asks, expands templates, moves the alerts on.
   * @returns samples of ALERTS and ALERTS_FOR_STATE, stamped `timeMs − queryOffsetMs` by the caller
   * @throws RuleError, or what the query rejects with; the alerts are then as before (except past the limit)
   */
  async evaluate(context: EvaluationContext): Promise<VectorSample[]> {
    const askedMs = context.timeMs - context.queryOffsetMs
    const answer = await context.query(this.config.query, askedMs, context.signal)
    const fresh = new Map<string, Alert>()
    for (const sample of answer.samples) {
      const alert = await this.#alertOf(sample, context)
      const key = alert.labels.key()
      if (fresh.has(key))
        throw new RuleError('vector contains metrics with the same labelset after applying alert labels')
      fresh.set(key, alert)
    }
    const untouched = await this.#withoutData(fresh, context)
    for (const [key, alert] of fresh) this.#merge(key, alert)
    return this.#advance(fresh, untouched, context)
  }

  /**
   * Obeys the no-data policy: may add an alert to `fresh`.
   * @returns keys of the alerts that stay as they are, since nothing is known of them
   */
  async #withoutData(fresh: Map<string, Alert>, context: EvaluationContext): Promise<ReadonlySet<string>> {
    const missing = [...this.#alerts].filter(([key, { state }]) => state !== 'inactive' && !fresh.has(key))
    const isAsked = this.noData === 'alert' ? fresh.size === 0 : missing.length > 0
    if (this.#dataQuery === undefined || !isAsked) return new Set()
    const askedMs = context.timeMs - context.queryOffsetMs
    const { samples } = await context.query(this.#dataQuery, askedMs, context.signal)
    if (this.noData === 'alert') {
      if (samples.length > 0) return new Set()
      const alert = await this.#alertOf(
        { labels: Labels.from({ nodata: 'true' }), value: Number.NaN },
        context,
      )
      fresh.set(alert.labels.key(), alert)
      return new Set()
    }
    const present = new Set<string>()
    for (const sample of samples) present.add((await this.#alertOf(sample, context)).labels.key())
    return new Set(missing.map(([key]) => key).filter((key) => !present.has(key)))
  }

  #merge(key: string, fresh: Alert): void {
    const known = this.#alerts.get(key)
    if (known === undefined || known.state === 'inactive') this.#alerts.set(key, fresh)
    else {
      known.value = fresh.value
      known.annotations = fresh.annotations
    }
  }

  async #alertOf(sample: VectorSample, context: EvaluationContext): Promise<Alert> {
    const expand = this.#expander(sample, context)
    let labels = sample.labels.without(METRIC_NAME)
    for (const [name, template] of this.config.labelTemplates)
      labels = labels.with(name, await expand(template))
    // In the order of the names already; unlike a label, an annotation that expands to nothing stays.
    const annotations: string[] = []
    for (const [name, template] of this.config.annotations) annotations.push(name, await expand(template))
    return {
      labels: labels.with('alertname', this.config.name),
      annotations: Labels.fromSorted(annotations),
      state: 'pending',
      value: sample.value,
      activeAtMs: context.timeMs,
      firedAtMs: undefined,
      resolvedAtMs: undefined,
      lastSentAtMs: undefined,
      validUntilMs: undefined,
      keepFiringSinceMs: undefined,
    }
  }

  /** A template that fails leaves its error as the text: a broken annotation must not stop an alert. */
  #expander(sample: VectorSample, context: EvaluationContext): (template: string) => Promise<string> {
    const { externalLabels, externalUrl, metrics } = context
    const data = alertTemplateData({
      labels: sample.labels,
      externalLabels,
      externalUrl,
      value: sample.value,
    })
    return async (template) => {
      metrics.templateExpansions.inc()
      // Most labels are plain text; the language starts at the delimiter.
      if (!template.includes('{{')) return template
      const name = `__alert_${this.config.name}`
      try {
        return await expandPrometheus({
          name,
          text: ALERT_TEMPLATE_DEFINITIONS + template,
          data,
          timeMs: context.timeMs,
          externalUrl,
          query: (expr, timeMs) => context.query(expr, timeMs, context.signal),
        })
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error
        metrics.templateFailures.inc()
        context.logger.warn('Expanding alert template failed', { alert: this.config.name, err: error })
        return `<error expanding template: ${error.message}>`
      }
    }
  }

  /** Moves every alert to its state at `timeMs` and gives the samples that show it. */
  #advance(
    fresh: ReadonlyMap<string, Alert>,
    untouched: ReadonlySet<string>,
    context: EvaluationContext,
  ): VectorSample[] {
    const { timeMs, limit } = context
    const samples: VectorSample[] = []
    let active = 0
    for (const [key, alert] of this.#alerts) {
      if (untouched.has(key)) {
        active++
        if (this.restored) samples.push(...this.#samplesOf(alert))
        continue
      }
      if (fresh.has(key)) alert.keepFiringSinceMs = undefined
      else if (!this.#keepsFiring(alert, timeMs)) {
        this.#resolve(key, alert, timeMs)
        continue
      }
      active++
      this.#hold(alert, timeMs)
      if (this.restored) samples.push(...this.#samplesOf(alert))
    }
    if (limit > 0 && active > limit) {
      this.#alerts = new Map()
      throw new RuleError(`exceeded limit of ${limit} with ${active} alerts`)
    }
    return samples
  }

  #keepsFiring(alert: Alert, timeMs: number): boolean {
    if (alert.state !== 'firing' || this.config.keepFiringForMs === 0) return false
    alert.keepFiringSinceMs ??= timeMs
    return timeMs - alert.keepFiringSinceMs < this.config.keepFiringForMs
  }

  #resolve(key: string, alert: Alert, timeMs: number): void {
    const expired = alert.resolvedAtMs !== undefined && timeMs - alert.resolvedAtMs > RESOLVED_RETENTION_MS
    if (alert.state === 'pending' || expired) this.#alerts.delete(key)
    if (alert.state !== 'inactive') {
      alert.state = 'inactive'
      alert.resolvedAtMs = timeMs
    }
  }

  /** Pending turns into firing once `for` has passed, and back when a reload made `for` longer. */
  #hold(alert: Alert, timeMs: number): void {
    // Where the clock was set back: what fires has fired, and what is pending begins anew rather than wait for the time before.
    if (alert.state === 'firing' && timeMs < (alert.firedAtMs ?? timeMs)) return
    if (alert.state === 'pending') alert.activeAtMs = Math.min(alert.activeAtMs, timeMs)
    const heldLongEnough = timeMs - alert.activeAtMs >= this.config.forMs
    if (alert.state === 'pending' && heldLongEnough) {
      alert.state = 'firing'
      alert.firedAtMs = timeMs
    } else if (alert.state === 'firing' && !heldLongEnough) {
      alert.state = 'pending'
      alert.firedAtMs = undefined
      alert.lastSentAtMs = undefined
      alert.keepFiringSinceMs = undefined
    }
  }

  #samplesOf(alert: Alert): VectorSample[] {
    const base = Labels.from([...this.config.labels, ...alert.labels, ['alertname', this.config.name]])
    const shown = base.with(METRIC_NAME, 'ALERTS').with('alertstate', alert.state)
    const forState = base.with(METRIC_NAME, 'ALERTS_FOR_STATE')
    return [
      { labels: shown, value: 1 },
      { labels: forState, value: Math.floor(alert.activeAtMs / 1000) },
    ]
  }

  /** Messages that are due, marked as sent. */
  due(timeMs: number, resendDelayMs: number, intervalMs: number, externalUrl: string): NotifierAlert[] {
    const generatorUrl = `${externalUrl}/graph?g0.expr=${queryEscape(this.config.query)}&g0.tab=1`
    const messages: NotifierAlert[] = []
    for (const alert of this.#alerts.values()) {
      if (!needsSending(alert, timeMs, resendDelayMs)) continue
      alert.lastSentAtMs = timeMs
      // Room for two failed evaluations or sends.
      alert.validUntilMs = timeMs + 4 * Math.max(intervalMs, resendDelayMs)
      messages.push({
        labels: alert.labels,
        annotations: alert.annotations,
        startsAtMs: alert.firedAtMs ?? alert.activeAtMs,
        endsAtMs: alert.resolvedAtMs ?? alert.validUntilMs,
        generatorUrl,
      })
    }
    return messages
  }

  /** Pending and firing alerts, in order of their labels. */
  activeAlerts(): Alert[] {
    return [...this.#alerts.values()]
      .filter(({ resolvedAtMs }) => resolvedAtMs === undefined)
      .sort((a, b) => a.labels.compare(b.labels))
  }

  /** All alerts, recently resolved ones too. */
  alerts(): IterableIterator<Alert> {
    return this.#alerts.values()
  }

  /** Takes over alerts of an earlier life. */
  adopt(alerts: Iterable<Alert>): void {
    for (const alert of alerts) this.#alerts.set(alert.labels.key(), { ...alert })
  }

  /** The gravest state of its alerts. */
  state(): AlertState {
    const states = new Set([...this.#alerts.values()].map(({ state }) => state))
    return states.has('firing') ? 'firing' : states.has('pending') ? 'pending' : 'inactive'
  }
}
