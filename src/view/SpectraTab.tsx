import { LayerTable } from './LayerTable';
import { Overview } from './Overview';
import { SpectrumPanel } from './SpectrumPanel';

export function SpectraTab({ themeName }: { themeName: string }) {
  return (
    <div role="tabpanel" id="panel-spectra" aria-labelledby="tab-spectra" className="panel">
      <SpectrumPanel themeName={themeName} />
      <LayerTable />
      <Overview themeName={themeName} />
    </div>
  );
}
