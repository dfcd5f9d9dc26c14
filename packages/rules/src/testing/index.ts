/** Door `@promontory/rules/testing`. */
export {
  runRuleTests,
  type RuleTestEnvironment,
  type RuleTestFailure,
  type RuleTestOptions,
} from './rule-test.ts'
export { MemoryAppender, type MemorySample } from './memory-appender.ts'
export { parseSeriesNotation, type NotatedValue } from './series-notation.ts'
