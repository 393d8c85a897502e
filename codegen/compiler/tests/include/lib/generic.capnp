@0xb6a3b5a1a1c0f015;

struct Map(K, V) { entries @0 :List(Entry); struct Entry { key @0 :K; value @1 :V; } }
