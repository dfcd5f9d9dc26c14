let draft: unknown

/** Hands a dashboard that is not saved yet to the page that opens new ones. */
export function leaveDraft(model: unknown): void {
  draft = model
}

export function takeDraft(): unknown {
  const taken = draft
  draft = undefined
  return taken
}
