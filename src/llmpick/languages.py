"""Language codes a catalog file may use: ISO 639-1, and ISO 639-3 for languages that have no shorter code."""

from __future__ import annotations

ISO_639_1 = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv
    dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie
    ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv
    mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm
    rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr
    ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """.split()
)
"""Every two-letter code (ISO 639-1 as of pycountry 26.2)."""

ISO_639_3 = frozenset(
    """
    ace acm acq aeb als ang anp apc arn ars ary arz ast awa azb ban bar bbc bbj bcl bem bew bho bjn brx bug
    cbk cdo ceb chr cjk ckb cop crh dik doi dsb dyu fil fon frr fur fuv gan gaz gmh gom got grc gsw hak
    haw hif hil hmn hne hsb ilo jbo kaa kab kac kam kbp kea kmb kmr knc krc krl ksh lad lez lij lmo ltg
    lua luo lus lzh mad mag mai mdf min mni mos mww myv nan nap nds nog nso nus olo pag pap pbt pcm pms
    pnb prs quy rmy rue sah sat scn sco sgs shn sma smj smn sms swg syr szl taq tet tpi tum tyv tzm udm
    umb vec vep vls vro war wuu yue zea zza
    """.split()
)
"""Three-letter codes seen in multilingual corpora and model cards; extend it when a source names another."""

KNOWN = ISO_639_1 | ISO_639_3
