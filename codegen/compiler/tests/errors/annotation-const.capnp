@0xc1a3b5a1a1c00074;
annotation a(const) :Int32;
const k :Int32 = 1 $a(.k);
