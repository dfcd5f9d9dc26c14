/** The door `@promontory/promql/testing`: the promqltest language, and what tests of PromQL need. */
export * from './run.ts'
export { parseScript, ScriptSyntaxError } from './script.ts'
export * from './series-values.ts'
export * from './random-query.ts'
export { almostEqual } from './compare.ts'
