/** An evaluation that failed for a reason of the rule's own (limit, duplicate label sets, refused samples). */
export class RuleError extends Error {
  override readonly name = 'RuleError'
}
