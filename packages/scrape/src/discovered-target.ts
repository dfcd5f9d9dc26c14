import { errorText } from '@promontory/base'
import type { TargetGroup } from '@promontory/discovery'
import type { Labels } from '@promontory/model'
import { relabelSteps } from '@promontory/model/relabel'
import type { RelabelConfig } from '@promontory/model/relabel'
import type { ScrapeConfig } from './config.ts'
import { discoveredLabels, populateLabels, publicLabels, scrapeUrl } from './target-labels.ts'

/** What discovery found, and what a job's relabelling makes of it. */
export interface DiscoveredTarget {
  readonly discoveredLabels: Labels
  /** Those that its series carry; undefined when it is not scraped. */
  readonly labels: Labels | undefined
  /** All that relabelling leaves, `__…` ones included; undefined when it is not scraped. */
  readonly relabelled: Labels | undefined
  /** `''` when it is not scraped. */
  readonly url: string
  /** The rule that dropped it, and which of them that is, from 0. */
  readonly droppedBy: { readonly index: number; readonly rule: RelabelConfig } | undefined
  /** Why it cannot be scraped though no rule dropped it; `''` otherwise. */
  readonly error: string
}

/** Every target of the groups, in their order. */
export function* discoveredTargets(
  job: ScrapeConfig,
  groups: readonly TargetGroup[],
): IterableIterator<DiscoveredTarget> {
  for (const { targets, labels } of groups)
    for (const target of targets) yield explain(job, discoveredLabels(job, target, labels))
}

/** What becomes of a target with these labels. */
export function explain(job: ScrapeConfig, discovered: Labels): DiscoveredTarget {
  const target = { discoveredLabels: discovered, labels: undefined, relabelled: undefined, url: '', droppedBy: undefined, error: '' } // prettier-ignore
  try {
    const labels = populateLabels(discovered, job.relabel_configs)
    if (labels !== undefined)
      return {
        ...target,
        labels: publicLabels(labels),
        relabelled: labels,
        url: scrapeUrl(labels, job.params),
      }
    // Which rule it was is looked for only now: thousands of targets may be dropped at each update.
    const index = relabelSteps(discovered, job.relabel_configs).length - 1
    return { ...target, droppedBy: { index, rule: job.relabel_configs[index]! } }
  } catch (error) {
    return { ...target, error: errorText(error) }
  }
}
