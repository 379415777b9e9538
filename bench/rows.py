"""Write a large synthetic run table for the scale benchmark: python bench/rows.py ROWS FOLDER

Writes FOLDER/rows.csv and FOLDER/rows.parquet with the columns N, D and loss: sizes and tokens log-uniform, loss from
the law of oracles/tables.py with 0.4 % noise. The same number of rows gives the same table.
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracles"))
from tables import TRUTH, law

CHUNK = 1_000_000


def main():
    rows, folder = int(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(rows)
    schema = pa.schema([("N", pa.float64()), ("D", pa.float64()), ("loss", pa.float64())])
    with pa.csv.CSVWriter(folder / "rows.csv", schema) as text, pa.parquet.ParquetWriter(folder / "rows.parquet", schema) as parquet:
        for start in range(0, rows, CHUNK):
            k = min(CHUNK, rows - start)
            n = np.round(np.exp(rng.uniform(np.log(5e7), np.log(1.6e10), k)))
            d = np.round(np.exp(rng.uniform(np.log(1e9), np.log(5e11), k)))
            loss = np.round(law(n, d, **TRUTH) * np.exp(0.004 * rng.standard_normal(k)), 6)
            batch = pa.record_batch([n, d, loss], schema=schema)
            text.write_batch(batch)
            parquet.write_batch(batch)
    sizes = {p.suffix[1:]: p.stat().st_size for p in (folder / "rows.csv", folder / "rows.parquet")}
    print(f"rows={rows} csv_bytes={sizes['csv']} parquet_bytes={sizes['parquet']}")


if __name__ == "__main__":
    main()
