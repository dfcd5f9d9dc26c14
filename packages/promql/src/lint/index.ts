/** The door `@promontory/promql/lint`: what is valid PromQL but probably not meant. No Node API. */
export * from './finding.ts'
export { lintExpr, lintQuery, lintValueTemplate } from './lint.ts'
