# Large structs and large unions, with fields in no order.
@0xb6a3b5a1a1c0f00a;

struct Wide {
  f49 @49 :Void;
  f142 @142 :Int16;
  f80 @80 :UInt32;
  f55 @55 :AnyPointer;
  f33 @33 :Float32;
  f114 @114 :Bool;
  f65 @65 :Text;
  f100 @100 :Int32;
  f144 @144 :Int64;
  f47 @47 :Float32;
  f96 @96 :Float32;
  f76 @76 :UInt16;
  f1 @1 :Float64;
  f9 @9 :AnyPointer;
  f54 @54 :UInt64;
  f98 @98 :Int64;
  f50 @50 :Float32;
  f62 @62 :UInt32;
  f72 @72 :Bool;
  f27 @27 :Void;
  f97 @97 :UInt64;
  f58 @58 :AnyPointer;
  f113 @113 :Int32;
  f90 @90 :Float64;
  f31 @31 :Int64;
  f130 @130 :Int32;
  f51 @51 :Int8;
  f123 @123 :Int64;
  f43 @43 :Int64;
  f11 @11 :Text;
  f30 @30 :Int64;
  f135 @135 :Float32;
  f149 @149 :AnyPointer;
  f32 @32 :UInt64;
  f146 @146 :Float32;
  f126 @126 :Int32;
  f68 @68 :Float64;
  f19 @19 :Text;
  f41 @41 :Float64;
  f139 @139 :AnyPointer;
  f48 @48 :UInt64;
  f63 @63 :Void;
  f7 @7 :Int16;
  f59 @59 :AnyPointer;
  f103 @103 :Int64;
  f84 @84 :UInt64;
  f108 @108 :UInt16;
  f0 @0 :UInt32;
  f125 @125 :Float64;
  f132 @132 :Int64;
  f15 @15 :UInt8;
  f13 @13 :UInt16;
  f37 @37 :UInt8;
  f4 @4 :UInt16;
  f39 @39 :UInt64;
  f115 @115 :Bool;
  f24 @24 :Int32;
  f111 @111 :List(Int16);
  f29 @29 :UInt8;
  f26 @26 :Void;
  f133 @133 :List(Int16);
  f119 @119 :Int32;
  f12 @12 :Int16;
  f99 @99 :Int8;
  f127 @127 :Bool;
  f40 @40 :Void;
  f14 @14 :Void;
  f17 @17 :UInt32;
  f6 @6 :Int64;
  f143 @143 :Text;
  f89 @89 :Float32;
  f60 @60 :Int64;
  f5 @5 :Bool;
  f77 @77 :List(Int16);
  f28 @28 :UInt8;
  f23 @23 :List(Int16);
  f56 @56 :Float32;
  f136 @136 :AnyPointer;
  f20 @20 :Int64;
  f101 @101 :UInt64;
  f3 @3 :List(Int16);
  f34 @34 :UInt8;
  f81 @81 :List(Int16);
  f129 @129 :UInt64;
  f79 @79 :Float64;
  f38 @38 :Text;
  f95 @95 :UInt64;
  f116 @116 :AnyPointer;
  f105 @105 :Int8;
  f74 @74 :UInt8;
  f141 @141 :Int32;
  f122 @122 :Int16;
  f53 @53 :Float64;
  f147 @147 :Int64;
  f85 @85 :Bool;
  f145 @145 :AnyPointer;
  f10 @10 :UInt16;
  f109 @109 :Float64;
  f36 @36 :Int64;
  f61 @61 :Bool;
  f112 @112 :Data;
  f25 @25 :Int32;
  f21 @21 :Int8;
  f137 @137 :UInt32;
  f18 @18 :Int64;
  f66 @66 :Void;
  f42 @42 :Data;
  f46 @46 :Int8;
  f57 @57 :Int64;
  f88 @88 :UInt8;
  f110 @110 :UInt32;
  f22 @22 :Int32;
  f107 @107 :Bool;
  f117 @117 :Float32;
  f52 @52 :UInt64;
  f106 @106 :Text;
  f94 @94 :Int8;
  f120 @120 :Int32;
  f138 @138 :UInt64;
  f35 @35 :UInt8;
  f44 @44 :Int32;
  f134 @134 :AnyPointer;
  f102 @102 :AnyPointer;
  f86 @86 :Data;
  f82 @82 :Int16;
  f148 @148 :Int8;
  f104 @104 :Bool;
  f73 @73 :Int64;
  f118 @118 :UInt8;
  f70 @70 :Void;
  f83 @83 :Float64;
  f64 @64 :Float64;
  f121 @121 :Data;
  f2 @2 :Void;
  f45 @45 :UInt32;
  f87 @87 :Int8;
  f75 @75 :Int16;
  f67 @67 :Data;
  f124 @124 :Data;
  f71 @71 :List(Int16);
  f93 @93 :UInt32;
  f78 @78 :Float64;
  f8 @8 :Float64;
  f91 @91 :Int32;
  f16 @16 :Data;
  f92 @92 :Float32;
  f128 @128 :Data;
  f140 @140 :Text;
  f131 @131 :List(Int16);
  f69 @69 :Text;
}
struct WideUnion {
  union {
    f105 @105 :Int32;
    f98 @98 :Int16;
    f53 @53 :Float64;
    f26 @26 :Bool;
    f60 @60 :UInt8;
    f127 @127 :Float64;
    f111 @111 :UInt8;
    f7 @7 :Text;
    f101 @101 :Int16;
    f5 @5 :AnyPointer;
    f1 @1 :Data;
    f20 @20 :AnyPointer;
    f128 @128 :Float64;
    f31 @31 :UInt32;
    f51 @51 :List(Int16);
    f77 @77 :UInt64;
    f107 @107 :Int64;
    f113 @113 :Int16;
    f124 @124 :Float32;
    f52 @52 :Float64;
    f92 @92 :Float32;
    f9 @9 :UInt32;
    f29 @29 :Void;
    f56 @56 :Void;
    f0 @0 :Data;
    f34 @34 :Bool;
    f126 @126 :AnyPointer;
    f81 @81 :AnyPointer;
    f63 @63 :Data;
    f119 @119 :Text;
    f88 @88 :UInt32;
    f129 @129 :Bool;
    f97 @97 :Bool;
    f12 @12 :UInt32;
    f65 @65 :Text;
    f42 @42 :AnyPointer;
    f44 @44 :Void;
    f74 @74 :Data;
    f90 @90 :Int8;
    f25 @25 :UInt64;
    f89 @89 :Int8;
    f117 @117 :Bool;
    f108 @108 :Data;
    f122 @122 :Data;
    f109 @109 :Int64;
    f115 @115 :Int8;
    f23 @23 :List(Int16);
    f78 @78 :Int32;
    f40 @40 :UInt64;
    f68 @68 :UInt8;
    f125 @125 :AnyPointer;
    f57 @57 :UInt32;
    f46 @46 :UInt64;
    f114 @114 :Text;
    f55 @55 :Bool;
    f24 @24 :UInt16;
    f50 @50 :Void;
    f99 @99 :Int16;
    f87 @87 :UInt16;
    f39 @39 :UInt64;
    f82 @82 :Float32;
    f21 @21 :Void;
    f18 @18 :UInt64;
    f84 @84 :Data;
    f45 @45 :Int32;
    f48 @48 :Float32;
    f110 @110 :Int8;
    f27 @27 :Int32;
    f62 @62 :Data;
    f93 @93 :Data;
    f14 @14 :Void;
    f121 @121 :Void;
    f54 @54 :Int32;
    f19 @19 :Int32;
    f6 @6 :Text;
    f95 @95 :Text;
    f69 @69 :UInt64;
    f3 @3 :AnyPointer;
    f67 @67 :Text;
    f13 @13 :Data;
    f41 @41 :AnyPointer;
    f61 @61 :Void;
    f59 @59 :Int16;
    f100 @100 :UInt16;
    f104 @104 :List(Int16);
    f102 @102 :Int32;
    f76 @76 :AnyPointer;
    f123 @123 :Int8;
    f15 @15 :Float32;
    f11 @11 :AnyPointer;
    f4 @4 :UInt64;
    f85 @85 :Bool;
    f73 @73 :Void;
    f10 @10 :UInt64;
    f43 @43 :Int16;
    f83 @83 :Int32;
    f2 @2 :UInt16;
    f91 @91 :Void;
    f16 @16 :UInt64;
    f22 @22 :Int16;
    f49 @49 :UInt64;
    f94 @94 :Int8;
    f58 @58 :List(Int16);
    f47 @47 :UInt64;
    f112 @112 :Bool;
    f103 @103 :UInt64;
    f17 @17 :AnyPointer;
    f66 @66 :AnyPointer;
    f36 @36 :AnyPointer;
    f96 @96 :AnyPointer;
    f106 @106 :Int64;
    f32 @32 :UInt16;
    f30 @30 :AnyPointer;
    f118 @118 :Int16;
    f8 @8 :Int64;
    f33 @33 :AnyPointer;
    f28 @28 :Text;
    f79 @79 :Int64;
    f70 @70 :List(Int16);
    f71 @71 :Int8;
    f120 @120 :Int32;
    f116 @116 :UInt32;
    f37 @37 :UInt32;
    f64 @64 :AnyPointer;
    f86 @86 :Int8;
    f80 @80 :AnyPointer;
    f72 @72 :UInt64;
    f38 @38 :Int32;
    f75 @75 :UInt64;
    f35 @35 :UInt16;
  }
}
struct WideGroups {
  head @36 :Int8;
  union {
    g0 :group { x0 @86 :Float32; }
    g1 :group { x0 @30 :Int8; }
    g2 :group { x0 @4 :Int8; x1 @61 :UInt8; }
    g3 :group { x0 @88 :List(Int16); }
    g4 :group { x0 @44 :AnyPointer; x1 @47 :Data; x2 @40 :Text; }
    g5 :group { x0 @7 :Void; x1 @2 :UInt64; }
    g6 :group { x0 @58 :UInt16; x1 @60 :Int16; x2 @19 :Int32; x3 @15 :UInt64; }
    g7 :group { x0 @41 :Int8; x1 @37 :UInt32; x2 @78 :Text; x3 @87 :Float32; }
    g8 :group { x0 @20 :Int32; x1 @84 :Int8; }
    g9 :group { x0 @25 :UInt16; x1 @3 :Int8; x2 @29 :Data; x3 @10 :UInt16; }
    g10 :group { x0 @51 :Bool; x1 @46 :AnyPointer; x2 @43 :UInt16; }
    g11 :group { x0 @76 :UInt8; }
    g12 :group { x0 @11 :Float64; x1 @66 :Int16; x2 @23 :Int8; }
    g13 :group { x0 @18 :Float32; x1 @69 :Text; x2 @63 :Void; x3 @45 :UInt64; }
    g14 :group { x0 @59 :Void; x1 @65 :List(Int16); }
    g15 :group { x0 @49 :Void; x1 @75 :Bool; }
    g16 :group { x0 @77 :UInt32; x1 @62 :Int16; x2 @13 :Text; x3 @79 :Int32; }
    g17 :group { x0 @74 :Int8; x1 @38 :UInt64; x2 @27 :Int64; }
    g18 :group { x0 @17 :UInt32; x1 @0 :AnyPointer; }
    g19 :group { x0 @53 :UInt64; x1 @67 :Bool; x2 @28 :Int8; }
    g20 :group { x0 @26 :Void; }
    g21 :group { x0 @52 :Bool; }
    g22 :group { x0 @55 :Float64; x1 @35 :Data; }
    g23 :group { x0 @33 :Void; x1 @22 :UInt16; x2 @6 :Data; }
    g24 :group { x0 @32 :Float64; x1 @34 :UInt8; }
    g25 :group { x0 @80 :Float64; x1 @68 :Void; x2 @50 :Int64; }
    g26 :group { x0 @81 :Int16; x1 @73 :UInt32; }
    g27 :group { x0 @1 :Int32; x1 @21 :List(Int16); }
    g28 :group { x0 @83 :Data; x1 @70 :Int16; x2 @72 :Float32; x3 @24 :Float32; }
    g29 :group { x0 @12 :UInt16; x1 @85 :List(Int16); x2 @16 :Data; x3 @56 :Int64; }
    g30 :group { x0 @82 :Bool; x1 @31 :Int64; x2 @71 :AnyPointer; x3 @14 :AnyPointer; }
    g31 :group { x0 @54 :Int16; }
    g32 :group { x0 @9 :Data; x1 @39 :Bool; }
  }
  u :union {
    y0 @57 :UInt8;
    y1 @5 :Void;
    y2 @89 :Bool;
    y3 @64 :UInt16;
    y4 @8 :AnyPointer;
    y5 @48 :Float64;
    y6 @42 :Text;
  }
}
enum WideEnum { e237 @237; e110 @110; e103 @103; e141 @141; e102 @102; e155 @155; e287 @287; e264 @264; e182 @182; e123 @123; e187 @187; e180 @180; e127 @127; e31 @31; e253 @253; e205 @205; e178 @178; e73 @73; e282 @282; e122 @122; e250 @250; e195 @195; e19 @19; e48 @48; e86 @86; e203 @203; e50 @50; e144 @144; e295 @295; e165 @165; e244 @244; e240 @240; e46 @46; e101 @101; e192 @192; e5 @5; e53 @53; e262 @262; e94 @94; e199 @199; e11 @11; e162 @162; e13 @13; e159 @159; e196 @196; e128 @128; e121 @121; e139 @139; e288 @288; e176 @176; e271 @271; e115 @115; e201 @201; e208 @208; e148 @148; e236 @236; e239 @239; e177 @177; e142 @142; e171 @171; e15 @15; e137 @137; e37 @37; e204 @204; e106 @106; e92 @92; e151 @151; e292 @292; e173 @173; e197 @197; e133 @133; e52 @52; e72 @72; e281 @281; e277 @277; e6 @6; e22 @22; e198 @198; e91 @91; e156 @156; e245 @245; e194 @194; e291 @291; e105 @105; e78 @78; e3 @3; e70 @70; e183 @183; e60 @60; e18 @18; e9 @9; e265 @265; e223 @223; e268 @268; e76 @76; e89 @89; e279 @279; e189 @189; e294 @294; e220 @220; e143 @143; e263 @263; e290 @290; e132 @132; e23 @23; e30 @30; e61 @61; e87 @87; e252 @252; e108 @108; e100 @100; e0 @0; e206 @206; e99 @99; e96 @96; e45 @45; e167 @167; e135 @135; e222 @222; e231 @231; e157 @157; e82 @82; e98 @98; e283 @283; e27 @27; e296 @296; e95 @95; e63 @63; e25 @25; e54 @54; e75 @75; e215 @215; e68 @68; e256 @256; e225 @225; e42 @42; e270 @270; e161 @161; e216 @216; e47 @47; e57 @57; e16 @16; e145 @145; e272 @272; e191 @191; e104 @104; e235 @235; e59 @59; e190 @190; e230 @230; e217 @217; e62 @62; e77 @77; e107 @107; e71 @71; e21 @21; e84 @84; e160 @160; e146 @146; e7 @7; e38 @38; e29 @29; e169 @169; e241 @241; e111 @111; e276 @276; e83 @83; e26 @26; e260 @260; e163 @163; e243 @243; e124 @124; e35 @35; e153 @153; e66 @66; e280 @280; e209 @209; e40 @40; e24 @24; e233 @233; e152 @152; e274 @274; e49 @49; e248 @248; e138 @138; e114 @114; e269 @269; e168 @168; e174 @174; e249 @249; e193 @193; e149 @149; e12 @12; e188 @188; e285 @285; e275 @275; e20 @20; e14 @14; e259 @259; e164 @164; e130 @130; e136 @136; e112 @112; e257 @257; e226 @226; e56 @56; e41 @41; e278 @278; e221 @221; e213 @213; e74 @74; e80 @80; e185 @185; e267 @267; e246 @246; e8 @8; e289 @289; e255 @255; e93 @93; e242 @242; e207 @207; e58 @58; e10 @10; e286 @286; e51 @51; e69 @69; e119 @119; e134 @134; e126 @126; e129 @129; e88 @88; e158 @158; e179 @179; e172 @172; e227 @227; e43 @43; e150 @150; e284 @284; e65 @65; e211 @211; e154 @154; e184 @184; e210 @210; e1 @1; e140 @140; e238 @238; e218 @218; e79 @79; e109 @109; e113 @113; e120 @120; e200 @200; e258 @258; e125 @125; e166 @166; e219 @219; e81 @81; e232 @232; e36 @36; e55 @55; e97 @97; e118 @118; e170 @170; e4 @4; e33 @33; e175 @175; e214 @214; e298 @298; e247 @247; e254 @254; e131 @131; e299 @299; e234 @234; e2 @2; e64 @64; e116 @116; e293 @293; e17 @17; e90 @90; e85 @85; e202 @202; e228 @228; e117 @117; e181 @181; e44 @44; e212 @212; e186 @186; e28 @28; e261 @261; e67 @67; e39 @39; e297 @297; e147 @147; e32 @32; e251 @251; e229 @229; e34 @34; e266 @266; e224 @224; e273 @273; }
