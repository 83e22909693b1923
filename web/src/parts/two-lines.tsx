/** A name, and below it what tells more, where a table has no room for columns of it. */
export function TwoLines({ name, about }: { name: string; about: readonly (string | false | undefined)[] }) {
  const more = about.filter(Boolean).join(' · ')
  return (
    <span class="two-lines" title={more === '' ? name : `${name} · ${more}`}>
      <span class="cut">{name}</span>
      {more !== '' && <span class="soft cut">{more}</span>}
    </span>
  )
}
