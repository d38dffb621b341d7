"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None


def upgrade() -> None:
    op.create_table('audit_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('action', sa.String(length=60), nullable=False),
    sa.Column('subject', sa.String(length=80), nullable=False),
    sa.Column('before', sa.String(), nullable=True),
    sa.Column('after', sa.String(), nullable=True),
    sa.Column('request_id', sa.String(length=40), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_line'))
    )
    with op.batch_alter_table('audit_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_line_subject_id'), ['subject', 'id'], unique=False)

    op.create_table('consumer',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('vanished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fingerprint', sa.BigInteger(), nullable=True),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('tax_code', sa.String(), nullable=True),
    sa.Column('email', sa.String(), nullable=True),
    sa.Column('phone', sa.String(), nullable=True),
    sa.Column('address', sa.String(), nullable=True),
    sa.Column('user_code', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consumer')),
    sa.UniqueConstraint('source', 'key', name=op.f('uq_consumer_source_key'))
    )
    with op.batch_alter_table('consumer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_consumer_user_code'), ['user_code'], unique=False)

    op.create_table('cursor',
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('value', sa.String(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_cursor'))
    )
    op.create_table('district',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('vanished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fingerprint', sa.BigInteger(), nullable=True),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('period', sa.Date(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_district')),
    sa.UniqueConstraint('source', 'key', name=op.f('uq_district_source_key'))
    )
    op.create_table('failed_login',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('subject', sa.String(length=120), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_failed_login'))
    )
    with op.batch_alter_table('failed_login', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_failed_login_subject_at'), ['subject', 'at'], unique=False)

    op.create_table('import_run',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('stream', sa.String(length=40), nullable=False),
    sa.Column('status', sa.String(length=40), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('counts', sa.JSON(), nullable=False),
    sa.Column('problems', sa.JSON(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_run'))
    )
    with op.batch_alter_table('import_run', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_run_source_stream_id'), ['source', 'stream', 'id'], unique=False)

    op.create_table('stored_file',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('owner', sa.String(length=20), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=False),
    sa.Column('role', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('media_type', sa.String(length=120), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stored_file')),
    sa.UniqueConstraint('owner', 'owner_id', 'role', name=op.f('uq_stored_file_owner_owner_id_role'))
    )
    with op.batch_alter_table('stored_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_stored_file_sha256'), ['sha256'], unique=False)

    op.create_table('work',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('wish', sa.Integer(), nullable=False),
    sa.Column('lease_token', sa.String(length=40), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.String(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_work')),
    sa.UniqueConstraint('kind', 'subject', name=op.f('uq_work_kind_subject'))
    )
    with op.batch_alter_table('work', schema=None) as batch_op:
        batch_op.create_index('ix_work_due', ['state', 'priority', 'due_at'], unique=False)
        batch_op.create_index('ix_work_lease', ['state', 'lease_until'], unique=False)

    op.create_table('account',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('vanished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fingerprint', sa.BigInteger(), nullable=True),
    sa.Column('consumer_key', sa.String(), nullable=False),
    sa.Column('district_key', sa.String(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('consumer_code', sa.String(), nullable=False),
    sa.Column('contract_number', sa.String(), nullable=True),
    sa.Column('contract_date', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['source', 'consumer_key'], ['consumer.source', 'consumer.key'], name=op.f('fk_account_source_consumer_key_consumer')),
    sa.ForeignKeyConstraint(['source', 'district_key'], ['district.source', 'district.key'], name=op.f('fk_account_source_district_key_district')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('source', 'key', name=op.f('uq_account_source_key'))
    )
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_account_source_consumer_key'), ['source', 'consumer_key'], unique=False)

    op.create_table('cabinet_user',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('login', sa.String(length=64), nullable=False),
    sa.Column('password_hash', sa.String(), nullable=True),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('role', sa.String(length=40), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('consumer_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('blocked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['consumer_id'], ['consumer.id'], name=op.f('fk_cabinet_user_consumer_id_consumer')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cabinet_user')),
    sa.UniqueConstraint('login', name=op.f('uq_cabinet_user_login'))
    )
    with op.batch_alter_table('cabinet_user', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_cabinet_user_consumer_id'), ['consumer_id'], unique=False)

    op.create_table('document',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=20), nullable=False),
    sa.Column('subject_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('recipient_email', sa.String(length=254), nullable=False),
    sa.Column('recipient_tax_code', sa.String(length=20), nullable=True),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('service', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('attempt_started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('steps', sa.JSON(), nullable=False),
    sa.Column('remote_ref', sa.String(length=500), nullable=True),
    sa.Column('snapshot', sa.String(), nullable=True),
    sa.Column('verdict', sa.JSON(), nullable=True),
    sa.Column('problem', sa.String(), nullable=True),
    sa.Column('replaces_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_document_account_id_account')),
    sa.ForeignKeyConstraint(['replaces_id'], ['document.id'], name=op.f('fk_document_replaces_id_document')),
    sa.ForeignKeyConstraint(['user_id'], ['cabinet_user.id'], name=op.f('fk_document_user_id_cabinet_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_document'))
    )
    with op.batch_alter_table('document', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_document_origin_subject_id'), ['origin', 'subject_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_document_user_id_id'), ['user_id', 'id'], unique=False)

    op.create_table('invoice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('vanished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fingerprint', sa.BigInteger(), nullable=True),
    sa.Column('account_key', sa.String(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('period', sa.Date(), nullable=False),
    sa.Column('formed_at', sa.DateTime(), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('amount_uah', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['source', 'account_key'], ['account.source', 'account.key'], name=op.f('fk_invoice_source_account_key_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoice')),
    sa.UniqueConstraint('source', 'key', name=op.f('uq_invoice_source_key'))
    )
    with op.batch_alter_table('invoice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invoice_source_account_key_period'), ['source', 'account_key', 'period'], unique=False)

    op.create_table('message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('link', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['cabinet_user.id'], name=op.f('fk_message_user_id_cabinet_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message')),
    sa.UniqueConstraint('key', name=op.f('uq_message_key'))
    )
    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_message_user_id_id'), ['user_id', 'id'], unique=False)

    op.create_table('metering_point',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('vanished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fingerprint', sa.BigInteger(), nullable=True),
    sa.Column('account_key', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('eic', sa.String(), nullable=True),
    sa.Column('address', sa.String(), nullable=True),
    sa.Column('meter_number', sa.String(), nullable=True),
    sa.Column('meter_type', sa.String(), nullable=True),
    sa.Column('digits', sa.Integer(), nullable=True),
    sa.Column('coefficient', sa.BigInteger(), nullable=False),
    sa.Column('voltage_class_kv', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['source', 'account_key'], ['account.source', 'account.key'], name=op.f('fk_metering_point_source_account_key_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_metering_point')),
    sa.UniqueConstraint('source', 'key', name=op.f('uq_metering_point_source_key'))
    )
    with op.batch_alter_table('metering_point', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_metering_point_source_account_key'), ['source', 'account_key'], unique=False)

    op.create_table('payment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('vanished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fingerprint', sa.BigInteger(), nullable=True),
    sa.Column('account_key', sa.String(), nullable=True),
    sa.Column('paid_on', sa.Date(), nullable=False),
    sa.Column('amount_uah', sa.BigInteger(), nullable=False),
    sa.Column('article', sa.String(length=40), nullable=True),
    sa.Column('payer_tax_code', sa.String(), nullable=True),
    sa.Column('payer_name', sa.String(), nullable=True),
    sa.Column('document_number', sa.String(), nullable=True),
    sa.Column('purpose', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['source', 'account_key'], ['account.source', 'account.key'], name=op.f('fk_payment_source_account_key_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment')),
    sa.UniqueConstraint('source', 'key', name=op.f('uq_payment_source_key'))
    )
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payment_source_account_key_paid_on'), ['source', 'account_key', 'paid_on'], unique=False)

    op.create_table('statement_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('vanished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fingerprint', sa.BigInteger(), nullable=True),
    sa.Column('account_key', sa.String(), nullable=False),
    sa.Column('period', sa.Date(), nullable=False),
    sa.Column('article', sa.String(length=40), nullable=False),
    sa.Column('opening_debit_uah', sa.BigInteger(), nullable=False),
    sa.Column('opening_credit_uah', sa.BigInteger(), nullable=False),
    sa.Column('accrued_uah', sa.BigInteger(), nullable=False),
    sa.Column('paid_uah', sa.BigInteger(), nullable=False),
    sa.Column('closing_debit_uah', sa.BigInteger(), nullable=False),
    sa.Column('closing_credit_uah', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['source', 'account_key'], ['account.source', 'account.key'], name=op.f('fk_statement_line_source_account_key_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_statement_line')),
    sa.UniqueConstraint('source', 'key', name=op.f('uq_statement_line_source_key'))
    )
    with op.batch_alter_table('statement_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_statement_line_source_account_key_period'), ['source', 'account_key', 'period'], unique=False)

    op.create_table('web_session',
    sa.Column('id_hash', sa.String(length=64), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('remember', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ip', sa.String(length=45), nullable=False),
    sa.Column('user_agent', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_web_session_account_id_account')),
    sa.ForeignKeyConstraint(['user_id'], ['cabinet_user.id'], name=op.f('fk_web_session_user_id_cabinet_user')),
    sa.PrimaryKeyConstraint('id_hash', name=op.f('pk_web_session'))
    )
    with op.batch_alter_table('web_session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_web_session_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_web_session_user_id'), ['user_id'], unique=False)

    op.create_table('reading_history',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('vanished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fingerprint', sa.BigInteger(), nullable=True),
    sa.Column('metering_point_key', sa.String(), nullable=False),
    sa.Column('taken_on', sa.Date(), nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.Column('origin', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['source', 'metering_point_key'], ['metering_point.source', 'metering_point.key'], name=op.f('fk_reading_history_source_metering_point_key_metering_point')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reading_history')),
    sa.UniqueConstraint('source', 'key', name=op.f('uq_reading_history_source_key'))
    )
    with op.batch_alter_table('reading_history', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reading_history_source_metering_point_key_taken_on'), ['source', 'metering_point_key', 'taken_on'], unique=False)

    op.create_table('service_order',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('metering_point_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('service_code', sa.String(length=40), nullable=False),
    sa.Column('voltage_class_kv', sa.BigInteger(), nullable=True),
    sa.Column('device_count', sa.Integer(), nullable=False),
    sa.Column('contact_name', sa.String(length=120), nullable=False),
    sa.Column('contact_phone', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('registration_number', sa.String(length=40), nullable=True),
    sa.Column('paid_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('work_date', sa.Date(), nullable=True),
    sa.Column('refusal_reason', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_service_order_account_id_account')),
    sa.ForeignKeyConstraint(['metering_point_id'], ['metering_point.id'], name=op.f('fk_service_order_metering_point_id_metering_point')),
    sa.ForeignKeyConstraint(['user_id'], ['cabinet_user.id'], name=op.f('fk_service_order_user_id_cabinet_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_service_order'))
    )
    with op.batch_alter_table('service_order', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_service_order_account_id_id'), ['account_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_service_order_user_id_id'), ['user_id', 'id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('service_order', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_service_order_user_id_id'))
        batch_op.drop_index(batch_op.f('ix_service_order_account_id_id'))

    op.drop_table('service_order')
    with op.batch_alter_table('reading_history', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reading_history_source_metering_point_key_taken_on'))

    op.drop_table('reading_history')
    with op.batch_alter_table('web_session', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_web_session_user_id'))
        batch_op.drop_index(batch_op.f('ix_web_session_expires_at'))

    op.drop_table('web_session')
    with op.batch_alter_table('statement_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_statement_line_source_account_key_period'))

    op.drop_table('statement_line')
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_payment_source_account_key_paid_on'))

    op.drop_table('payment')
    with op.batch_alter_table('metering_point', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_metering_point_source_account_key'))

    op.drop_table('metering_point')
    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_message_user_id_id'))

    op.drop_table('message')
    with op.batch_alter_table('invoice', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_invoice_source_account_key_period'))

    op.drop_table('invoice')
    with op.batch_alter_table('document', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_document_user_id_id'))
        batch_op.drop_index(batch_op.f('ix_document_origin_subject_id'))

    op.drop_table('document')
    with op.batch_alter_table('cabinet_user', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_cabinet_user_consumer_id'))

    op.drop_table('cabinet_user')
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_account_source_consumer_key'))

    op.drop_table('account')
    with op.batch_alter_table('work', schema=None) as batch_op:
        batch_op.drop_index('ix_work_lease')
        batch_op.drop_index('ix_work_due')

    op.drop_table('work')
    with op.batch_alter_table('stored_file', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_stored_file_sha256'))

    op.drop_table('stored_file')
    with op.batch_alter_table('import_run', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_import_run_source_stream_id'))

    op.drop_table('import_run')
    with op.batch_alter_table('failed_login', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_failed_login_subject_at'))

    op.drop_table('failed_login')
    op.drop_table('district')
    op.drop_table('cursor')
    with op.batch_alter_table('consumer', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_consumer_user_code'))

    op.drop_table('consumer')
    with op.batch_alter_table('audit_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_line_subject_id'))

    op.drop_table('audit_line')
