@0xc1a3b5a1a1c00012;
const n :Float64 = 1.2.3;
