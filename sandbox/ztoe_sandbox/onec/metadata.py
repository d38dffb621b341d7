"""The service document and $metadata, made from the same table that serves the data."""

from collections.abc import Iterator, Mapping

from .errors import M
from .register import PARAMETERS, RESOURCES
from .schema import EntitySet, Field
from .sets import ARTICLES, INVOICE_KINDS, POINT_KINDS, REGISTER, REGISTER_DIMENSIONS

EDMX = "http://schemas.microsoft.com/ado/2007/06/edmx"
CSDL = "http://schemas.microsoft.com/ado/2009/11/edm"
APP = "http://www.w3.org/2007/app"
ENUMS = {"ВидыУчета": POINT_KINDS, "ВидыСчетов": INVOICE_KINDS, "СтатьиРеализации": ARTICLES}
ROW_TYPES = {"BalanceAndTurnovers": "BalanceAndTurnover", "Balance": "Balance"}
PARAMETER_TYPES = {"Condition": "Edm.String", "Dimensions": "Edm.String"}


Sets = Mapping[str, EntitySet]


def set_names(sets: Sets) -> list[str]:
    return [*sets, REGISTER]


def service_document(root: str, sets: Sets) -> str:
    """The list of sets in Atom Publishing form."""
    collections = "".join(
        f'<collection href="{name}"><atom:title>{name}</atom:title></collection>' for name in set_names(sets)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<service xmlns="{APP}" xmlns:atom="http://www.w3.org/2005/Atom"'
        f' xml:base="{root}"><workspace><atom:title>Default</atom:title>{collections}</workspace></service>'
    )


def metadata(sets: Sets) -> str:
    """The whole EDMX document."""
    body = "".join(_schema(sets))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<edmx:Edmx xmlns:edmx="{EDMX}" Version="1.0">'
        f'<edmx:DataServices xmlns:m="{M}" m:DataServiceVersion="3.0" m:MaxDataServiceVersion="3.0">'
        f'<Schema xmlns="{CSDL}" Namespace="StandardODATA">{body}</Schema></edmx:DataServices></edmx:Edmx>'
    )


def _schema(sets: Sets) -> Iterator[str]:
    for entity_set in sets.values():
        yield from _entity_type(entity_set)
    yield from _register_types()
    for entity_set in sets.values():
        yield from _associations(entity_set)
    for name, members in ENUMS.items():
        listed = "".join(f'<Member Name="{member}"/>' for member in members)
        yield f'<EnumType Name="{name}" UnderlyingType="Edm.Int32">{listed}</EnumType>'
    yield '<EntityContainer Name="EnterpriseV8" m:IsDefaultEntityContainer="true">'
    for name in set_names(sets):
        yield f'<EntitySet Name="{name}" EntityType="StandardODATA.{name}"/>'
    yield from _functions()
    yield "</EntityContainer>"


def _property(field: Field) -> str:
    nullable = "true" if field.nullable else "false"
    return f'<Property Name="{field.name}" Type="{field.type.value}" Nullable="{nullable}"/>'


def _references(entity_set: EntitySet) -> list[Field]:
    return [field for field in entity_set.fields if field.target and field.name != "Ref_Key"]


def _entity_type(entity_set: EntitySet) -> Iterator[str]:
    keys = "".join(f'<PropertyRef Name="{name}"/>' for name in entity_set.key_fields)
    yield f'<EntityType Name="{entity_set.name}"><Key>{keys}</Key>'
    yield from map(_property, entity_set.fields)
    for field in _references(entity_set):
        relation = f"StandardODATA.{entity_set.name}_{field.navigation}"
        yield (
            f'<NavigationProperty Name="{field.navigation}" Relationship="{relation}" '
            'FromRole="Begin" ToRole="End"/>'
        )
    yield "</EntityType>"


def _associations(entity_set: EntitySet) -> Iterator[str]:
    for field in _references(entity_set):
        yield (
            f'<Association Name="{entity_set.name}_{field.navigation}">'
            f'<End Role="Begin" Type="StandardODATA.{entity_set.name}" Multiplicity="*"/>'
            f'<End Role="End" Type="StandardODATA.{field.target}" Multiplicity="0..1"/></Association>'
        )


def _register_types() -> Iterator[str]:
    yield (
        f'<EntityType Name="{REGISTER}" OpenType="true"><Key><PropertyRef Name="Recorder"/>'
        '<PropertyRef Name="Recorder_Type"/></Key><Property Name="Recorder" Type="Edm.String" Nullable="false"/>'
        f'<Property Name="RecordSet" Type="Collection(StandardODATA.{REGISTER}_RowType)" Nullable="false"/>'
        '<Property Name="Recorder_Type" Type="Edm.String" Nullable="false"/></EntityType>'
    )
    dimensions = "".join(map(_property, REGISTER_DIMENSIONS))
    yield (
        f'<ComplexType Name="{REGISTER}_RowType"><Property Name="Period" Type="Edm.DateTime" Nullable="true"/>'
        '<Property Name="LineNumber" Type="Edm.Int64" Nullable="false"/>'
        f'<Property Name="RecordType" Type="Edm.String" Nullable="true"/>{dimensions}'
        '<Property Name="Сумма" Type="Edm.Double" Nullable="true"/></ComplexType>'
    )
    for function, resources in RESOURCES.items():
        properties = dimensions + "".join(map(_property, resources))
        yield f'<ComplexType Name="{REGISTER}_{ROW_TYPES[function]}">{properties}</ComplexType>'


def _functions() -> Iterator[str]:
    for function, names in PARAMETERS.items():
        yield (
            f'<FunctionImport Name="{function}" IsBindable="true" IsSideEffecting="false" '
            f'ReturnType="Collection(StandardODATA.{REGISTER}_{ROW_TYPES[function]})">'
            f'<Parameter Name="bindingParameter" Type="StandardODATA.{REGISTER}"/>'
        )
        for name in sorted(names):
            yield f'<Parameter Name="{name}" Type="{PARAMETER_TYPES.get(name, "Edm.DateTime")}"/>'
        yield "</FunctionImport>"
