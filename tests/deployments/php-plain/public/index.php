<?php
require __DIR__ . '/../vendor/autoload.php';
echo strlen((string) parse_ini_file('/etc/guestbook.ini')['SECRET']);
