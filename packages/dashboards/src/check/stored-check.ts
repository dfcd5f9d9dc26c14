import type { CheckedDashboard, Finding } from './dashboard-check.ts'

/** What is stored: asked of a server, or of a table in a test. */
export interface StoredNames {
  readonly metrics: () => Promise<ReadonlySet<string>>
  /** Label names of a metric's series. */
  readonly labelsOf: (metric: string) => Promise<ReadonlySet<string>>
}

/** Metrics that the queries ask for and nobody has stored, and labels that the metric has not got. */
export async function checkStored(checked: CheckedDashboard, stored: StoredNames): Promise<Finding[]> {
  const findings: Finding[] = []
  const metrics = await stored.metrics()
  for (const { place, use } of checked.uses)
    for (const [metric, labels] of use.metrics) {
      if (!metrics.has(metric)) {
        findings.push({ severity: 'warning', place, text: `metric ${metric} does not exist` })
        continue
      }
      const known = await stored.labelsOf(metric)
      for (const label of labels)
        if (!known.has(label))
          findings.push({
            severity: 'warning',
            place,
            text: `label ${label} does not exist on metric ${metric}`,
          })
    }
  return findings
}
