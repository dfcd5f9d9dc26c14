/** Roles in the order of what they may. */
export const ROLES = ['None', 'Viewer', 'Editor', 'Admin'] as const
export type Role = (typeof ROLES)[number]

/** Who asks. */
export interface Identity {
  /**
   * `local`: this machine while nobody has a password; `root`: the token that was printed at the start;
   * `anonymous`: nobody, where that was allowed.
   */
  readonly kind: 'user' | 'service' | 'local' | 'root' | 'anonymous'
  /** Of the account or service account; 0 for those that have none. */
  readonly id: number
  readonly login: string
  readonly name: string
  readonly email: string
  readonly role: Role
  /** May manage users and the server. */
  readonly isServerAdmin: boolean
}

/** Whether a role includes another one. */
export function includesRole(role: Role, wanted: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(wanted)
}

/** A role by its name in any case; undefined for none of ours. */
export function parseRole(text: string): Role | undefined {
  return ROLES.find((role) => role.toLowerCase() === text.toLowerCase())
}
