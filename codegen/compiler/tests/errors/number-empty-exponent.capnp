@0xc1a3b5a1a1c00013;
const n :Float64 = 1e;
