import '../../styles/data.css'
import { placeHref } from '../../shell/router.js'
import { useApp } from '../../state/app-context.js'
import { CoveragePage } from './coverage-page.js'
import { DatasetPage } from './dataset-page.js'
import { DatasetsPage } from './datasets-page.js'
import { SqlPage } from './sql-page.js'

const TABS = [
  { id: '', title: 'Coverage', path: 'data' },
  { id: 'datasets', title: 'Datasets', path: 'data/datasets' },
  { id: 'sql', title: 'SQL', path: 'data/sql' },
] as const

/** What is held: the map of it, each dataset, and questions by SQL. */
export default function Data() {
  const [view = ''] = useApp().router.place.value.rest
  const current = view === 'dataset' ? 'datasets' : view
  return (
    <div class="page filled">
      <nav class="tabs" aria-label="Views of the data">
        {TABS.map(({ id, title, path }) => (
          <a key={id} href={placeHref(path)} aria-current={id === current ? 'page' : undefined}>
            {title}
          </a>
        ))}
      </nav>
      {view === 'dataset' ? (
        <DatasetPage />
      ) : view === 'datasets' ? (
        <DatasetsPage />
      ) : view === 'sql' ? (
        <SqlPage />
      ) : (
        <CoveragePage />
      )}
    </div>
  )
}
