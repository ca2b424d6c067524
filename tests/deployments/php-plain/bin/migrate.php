<?php
require __DIR__ . '/../vendor/autoload.php';
$database = new PDO(getenv('DATABASE_DSN'));
$database->exec(file_get_contents(__DIR__ . '/../sql/schema.sql'));
