/** Recording and alerting rules. */
export { needsSending, RESOLVED_RETENTION_MS, type Alert, type AlertState } from './alert.ts'
export type { AlertStateStore, SavedAlert, SavedGroup } from './alert-state.ts'
export { AlertStateFiles } from './alert-state-files.ts'
export { AlertingRule, type EvaluationContext } from './alerting-rule.ts'
export * from './backtest.ts'
export { independentBatches } from './dependencies.ts'
export { RuleError } from './errors.ts'
export * from './no-data.ts'
export { RecordingRule } from './recording-rule.ts'
export { parseRuleFile, type RuleConfig, type RuleFile, type RuleGroupConfig } from './rule-file.ts'
export {
  evaluationOffsetMs,
  RuleGroup,
  type GroupEnvironment,
  type GroupSettings,
  type RuleHealth,
} from './rule-group.ts'
export { RuleManager, type PreparedRules, type RuleManagerOptions, type RuleSource } from './rule-manager.ts'
export { createRuleMetrics, type RuleMetrics } from './rule-metrics.ts'
export * from './rule-overview.ts'
export * from './rule-views.ts'
