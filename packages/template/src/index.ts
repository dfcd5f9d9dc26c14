/** Go's templates, as alerts use them. */
export { FunctionError, TemplateError, TemplateLimitError } from './errors.ts'
export { TemplateSet, type TemplateSetOptions } from './template-set.ts'
export { DEFAULT_LIMITS, Suspended, type TemplateLimits } from './exec/executor.ts'
export { fn, type FunctionTable, type ParameterType, type TemplateFunction } from './exec/function.ts'
export * from './exec/value.ts'
export { formatGoDuration, GoDuration, GoTime } from './exec/time.ts'
export { queryEscape } from './exec/builtins.ts'
export { sprintf } from './fmt/printf.ts'
export { goJson } from './html/escape-script.ts'
export { escapeHtml } from './html/escape.ts'
export { alertmanagerFunctions } from './functions/alertmanager.ts'
export {
  ALERT_TEMPLATE_DEFINITIONS,
  alertTemplateData,
  checkPrometheusTemplate,
  expandPrometheus,
  type PrometheusExpansion,
} from './functions/prometheus.ts'
