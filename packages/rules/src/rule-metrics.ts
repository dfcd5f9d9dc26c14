import type { Counter, Gauge, Histogram, Registry, Summary } from '@promontory/base'

/** The rule metrics of Prometheus, under its names. Label `rule_group` is `file;group`. */
export interface RuleMetrics {
  readonly evaluationDuration: Summary
  readonly evaluationDurationHistogram: Histogram
  readonly groupDuration: Summary
  readonly groupDurationHistogram: Histogram
  readonly iterationsMissed: Counter
  readonly iterations: Counter
  readonly evaluations: Counter
  readonly evaluationFailures: Counter
  readonly interval: Gauge
  readonly lastEvaluation: Gauge
  readonly lastDuration: Gauge
  readonly lastRuleDurationSum: Gauge
  readonly lastRestoreDuration: Gauge
  readonly rules: Gauge
  readonly samples: Gauge
  readonly templateExpansions: Counter
  readonly templateFailures: Counter
}

const BUCKETS = [0.01, 0.1, 1, 10]

/** Registers the metrics; once per registry. */
export function createRuleMetrics(registry: Registry): RuleMetrics {
  const labels = ['rule_group']
  const counter = (name: string, help: string): Counter =>
    registry.counter({ name: `prometheus_${name}`, help, labels })
  const gauge = (name: string, help: string): Gauge =>
    registry.gauge({ name: `prometheus_rule_group_${name}`, help, labels })
  const histogram = (name: string, help: string): Histogram =>
    registry.histogram({ name: `prometheus_${name}`, help, buckets: BUCKETS })
  const perRule = 'The duration for a rule to execute.'
  const perGroup = 'The duration of rule group evaluations.'
  return {
    evaluationDuration: registry.summary({
      name: 'prometheus_rule_evaluation_duration_seconds', help: perRule, quantiles: [0.5, 0.9, 0.99],
    }),
    evaluationDurationHistogram: histogram('rule_evaluation_duration_histogram_seconds', perRule),
    groupDuration: registry.summary({
      name: 'prometheus_rule_group_duration_seconds', help: perGroup, quantiles: [0.01, 0.05, 0.5, 0.9, 0.99],
    }),
    groupDurationHistogram: histogram('rule_group_duration_histogram_seconds', perGroup),
    iterationsMissed: counter('rule_group_iterations_missed_total', 'The total number of rule group evaluations missed due to slow rule group evaluation.'),
    iterations: counter('rule_group_iterations_total', 'The total number of scheduled rule group evaluations, whether executed or missed.'),
    evaluations: counter('rule_evaluations_total', 'The total number of rule evaluations.'),
    evaluationFailures: counter('rule_evaluation_failures_total', 'The total number of rule evaluation failures.'),
    interval: gauge('interval_seconds', 'The interval of a rule group.'),
    lastEvaluation: gauge('last_evaluation_timestamp_seconds', 'The timestamp of the last rule group evaluation in seconds.'),
    lastDuration: gauge('last_duration_seconds', 'The duration of the last rule group evaluation.'),
    lastRuleDurationSum: gauge('last_rule_duration_sum_seconds', 'The sum of time in seconds it took to evaluate each rule in the group regardless of concurrency. This should be higher than the group duration if rules are evaluated concurrently.'),
    lastRestoreDuration: gauge('last_restore_duration_seconds', 'The duration of the last alert rules alerts restoration using the `ALERTS_FOR_STATE` series.'),
    rules: gauge('rules', 'The number of rules.'),
    samples: gauge('last_evaluation_samples', 'The number of samples returned during the last rule group evaluation.'),
    templateExpansions: registry.counter({ name: 'prometheus_template_text_expansions_total', help: 'The total number of template text expansions.' }),
    templateFailures: registry.counter({ name: 'prometheus_template_text_expansion_failures_total', help: 'The total number of template text expansion failures.' }),
  } // prettier-ignore
}

/** Makes a group's children appear, as upstream does when it creates the group. */
export function touchGroup(metrics: RuleMetrics, key: string, ruleCount: number, intervalMs: number): void {
  for (const counter of countersOf(metrics)) counter.add(0, key)
  for (const gauge of [
    metrics.lastEvaluation,
    metrics.lastDuration,
    metrics.lastRuleDurationSum,
    metrics.samples,
  ])
    gauge.add(0, key)
  metrics.rules.set(ruleCount, key)
  metrics.interval.set(intervalMs / 1000, key)
}

export function forgetGroup(metrics: RuleMetrics, key: string): void {
  for (const counter of countersOf(metrics)) counter.remove(key)
  for (const gauge of [
    metrics.interval,
    metrics.lastEvaluation,
    metrics.lastDuration,
    metrics.lastRuleDurationSum,
    metrics.lastRestoreDuration,
    metrics.rules,
    metrics.samples,
  ])
    gauge.remove(key)
}

function countersOf(metrics: RuleMetrics): Counter[] {
  return [metrics.iterationsMissed, metrics.iterations, metrics.evaluations, metrics.evaluationFailures]
}
