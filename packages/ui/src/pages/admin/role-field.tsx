import type { ReactNode } from 'react'

/** What somebody may do, the least first. */
export const ROLES: readonly string[] = ['None', 'Viewer', 'Editor', 'Admin']

export function RoleField({
  label,
  roles,
  value,
  onChange,
}: {
  label: string
  roles: readonly string[]
  value: string
  onChange: (role: string) => void
}): ReactNode {
  return (
    <select
      className="field"
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      {roles.map((role) => (
        <option key={role}>{role}</option>
      ))}
    </select>
  )
}
