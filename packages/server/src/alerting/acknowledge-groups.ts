import { type Acknowledgement, type Alertmanager, isResolvedAt } from '@promontory/alertmanager'

export interface AcknowledgeRequest {
  /** Groups with any of these alerts. */
  readonly fingerprints: readonly string[]
  /** Undefined: at all receivers. */
  readonly receiver?: string | undefined
  /** Undefined: all groups with the alerts. */
  readonly groupKey?: string | undefined
  readonly owner: string
  readonly comment: string
}

/** Acknowledges the groups that the alerts are in. @returns one for each group and receiver */
export async function acknowledgeGroups(
  alertmanager: Alertmanager,
  { fingerprints, receiver, groupKey, owner, comment }: AcknowledgeRequest,
): Promise<Acknowledgement[]> {
  const wanted = new Set(fingerprints)
  const made: Acknowledgement[] = []
  for (const group of alertmanager.groups()) {
    if (receiver !== undefined && group.route.receiver !== receiver) continue
    if (groupKey !== undefined && group.key !== groupKey) continue
    const firing = group.alerts.filter((alert) => !isResolvedAt(alert, alertmanager.nowMs))
    if (groupKey === undefined && !firing.some((alert) => wanted.has(alert.fingerprint))) continue
    if (firing.length === 0) continue
    made.push(
      await alertmanager.acknowledgements.set({
        groupKey: group.key,
        receiver: group.route.receiver,
        owner,
        comment,
        fingerprints: firing.map(({ fingerprint }) => fingerprint),
      }),
    )
  }
  return made
}
