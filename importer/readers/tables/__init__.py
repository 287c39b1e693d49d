"""Any file as a table: text, JSON, XML, workbooks and archives."""
