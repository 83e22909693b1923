import { Component, type ComponentChildren } from 'preact'
import { asApiError } from '../api/api-client.js'
import { Failure } from '../parts/nothing.js'

/** A page that breaks does not take the others with it. */
export class ErrorBoundary extends Component<{ children: ComponentChildren }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined }

  override componentDidCatch(error: unknown): void {
    console.error(error)
    this.setState({ error })
  }

  override render() {
    if (this.state.error === undefined) return this.props.children
    return (
      <div class="page">
        <Failure error={asApiError(this.state.error)} onRetry={() => this.setState({ error: undefined })} />
      </div>
    )
  }
}
