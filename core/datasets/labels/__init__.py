"""Labels that do not lie in folders: tables, annotations, Parquet files."""
