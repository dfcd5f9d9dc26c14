import { allPanels, objectOf, textOf, type Panel } from '@promontory/panels'

/** The data source that stands for another panel of the dashboard. */
const OF_DASHBOARD = '-- Dashboard --'

/**
 * A panel whose data is that of another one asks what the other one asks, so that both questions are one; with
 * `withTransforms`, the other's transformations come first. Every other panel, and one that names a panel that is not there, stays
 * as it is.
 */
export function sharedPanel(panel: Panel, panels: readonly Panel[]): Panel {
  const { datasource, targets } = panel
  const name = typeof datasource === 'string' ? datasource : textOf(objectOf(datasource)['uid'])
  const [target] = targets
  if (name !== OF_DASHBOARD || target === undefined) return panel
  const source = allPanels(panels).find(({ id }) => id === target['panelId'] && id !== panel.id)
  if (source === undefined) return panel
  return {
    ...panel,
    datasource: source.datasource,
    targets: source.targets,
    maxDataPoints: source.maxDataPoints,
    interval: source.interval,
    transformations:
      target['withTransforms'] === true
        ? [...source.transformations, ...panel.transformations]
        : panel.transformations,
  }
}
