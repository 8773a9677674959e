"""The HNSW graph of faiss over whole vectors."""
